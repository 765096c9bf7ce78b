"""The true sites: what of a sequence is true, at both levels, and what tokens can show of it."""

import logging
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.errors import InputError
from dnalrp.projection import RealTokens

log = logging.getLogger(__name__)

Array = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]


def check_inside(sites: pd.DataFrame, sequences: Mapping[str, str]) -> None:
    """Refuse a site of any role that lies outside its sequence."""
    for site in sites.itertuples():
        length = len(sequences[site.id])
        if not 0 <= site.start < site.end <= length:
            raise InputError(
                f"site {site.start}-{site.end} of {site.id} lies outside its {length} bases; "
                "correct the table of sites"
            )


def site_masks(sites: pd.DataFrame, sequences: Mapping[str, str]) -> dict[str, Mask]:
    """True positions, (length,), of sequences that have some and others too."""
    masks: dict[str, Mask] = {}
    for site in sites.itertuples():
        mask = masks.setdefault(site.id, np.zeros(len(sequences[site.id]), dtype=bool))
        mask[site.start : site.end] = True
    covered = [name for name, mask in masks.items() if mask.all()]
    if covered:
        log.warning(
            "sites cover all of %s, as of %d sequences in all: they are not localised",
            covered[0],
            len(covered),
        )
    return {name: mask for name, mask in masks.items() if not mask.all()}


def site_weights(
    sites: pd.DataFrame, sequences: Mapping[str, str], information: Mapping[str, Array]
) -> dict[str, Array]:
    """Information content at every position of true sites, the higher one where they overlap."""
    weights: dict[str, Array] = {}
    for site in sites.itertuples():
        bits = information.get(site.motif, np.empty(0))
        if len(bits) != site.end - site.start:
            log.info("%s has no matrix of its site's width: sites are not weighted", site.motif)
            return {}
        bits = bits[::-1] if site.strand == "-" else bits
        weight = weights.setdefault(site.id, np.zeros(len(sequences[site.id])))
        np.maximum(weight[site.start : site.end], bits, out=weight[site.start : site.end])
    return weights


def token_ceiling(mask: Mask, tokens: RealTokens) -> Array:
    """The mask seen through tokens: each nucleotide gets the share of its token inside the mask.

    No order of the tokens ranks better than this one. Mass accuracy can be higher, by a map on one
    token inside a site; and so can what weights positions by information.

    Where tokens overlap, as k-mers do, it is the mask itself: the shares of overlapping tokens add
    up to values that resolve single nucleotides, so that nothing below the perfect score bounds
    them. ``split`` maps of k-mers at every position reach it unless sites hold all of every k-th
    position; whether those of ``copy`` do depends on the sites.
    """
    if tokens.overlap:
        return mask.astype(np.float64)
    return tokens.copied(tokens.pooled(mask), mask.shape[1])


def token_mask(mask: Mask, tokens: RealTokens, share: float = 0.5) -> Mask:
    """Ground truth of tokens, (sequences, most tokens): at least ``share`` of a token is in sites.

    Half by default: a token is true if most of what it stands for is. Any overlap at all would
    count tokens that hold one base of a site and five of its surroundings.
    """
    return tokens.padded(tokens.pooled(mask)) >= max(share, np.finfo(np.float64).tiny)
