"""Motif discovery on relevance maps by TF-MoDISco (Shrikumar et al. 2018; modisco-lite)."""

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.provenance import written_whole

log = logging.getLogger(__name__)

Array = npt.NDArray[np.floating]
SIGNS = {"positive": "pos_patterns", "negative": "neg_patterns"}
SEQLET_COLUMNS = ["id", "start", "end", "strand", "pattern", "contribution"]


class Discovery(NamedTuple):
    """Settings of TF-MoDISco that this project sets; all others are the library's own."""

    window: int
    flank: int
    max_seqlets: int
    fdr: float
    leiden_runs: int
    seed: int


class Pattern(NamedTuple):
    """A motif found: mean one-hot and mean contribution of its seqlets, both (width, 4)."""

    name: str
    sign: str
    seqlets: int
    frequencies: Array
    contributions: Array


def discover_patterns(
    relevance: Array, one_hot: npt.NDArray[np.int8], settings: Discovery, path: str | Path
) -> list[Pattern]:
    """Cluster the salient windows of relevance maps into patterns; write them as HDF5.

    Token models have no hypothetical contributions, so every model is run on the contributions
    of the observed nucleotides, zero elsewhere, which keeps the comparison fair.

    Parameters
    ----------
    relevance
        (sequences, length); positive speaks for class 1.
    one_hot
        (sequences, 4, length).
    path
        HDF5 file in the library's own form, empty if no pattern is found.

    Returns
    -------
    list of Pattern
        Positive patterns first, each kind by falling number of seqlets. Empty where the maps
        hold fewer salient windows than TF-MoDISco clusters, or none that are alike.
    """
    import modiscolite

    rows = _order(len(relevance), settings.seed)
    encoded = one_hot[rows].transpose(0, 2, 1).astype(np.float32)
    signed = relevance[rows].astype(np.float32)
    if not _both_signs(encoded, signed, settings.window):
        # maps without a sign, as saliency's: what counts is above or below their mean
        signed -= signed[encoded.any(axis=2)].mean()
    contributions = encoded * signed[:, :, None]
    positive: object = None
    negative: object = None
    if _both_signs(encoded, signed, settings.window):
        try:
            positive, negative = modiscolite.tfmodisco.TFMoDISco(
                one_hot=encoded,
                hypothetical_contribs=contributions,
                sliding_window_size=settings.window,
                flank_size=settings.flank,
                target_seqlet_fdr=settings.fdr,
                max_seqlets_per_metacluster=settings.max_seqlets,
                n_leiden_runs=settings.leiden_runs,
            )
        except BaseException as error:  # leidenalg raises this very class
            if "NaN weights" not in str(error):
                raise
            log.warning("no affinity between the seqlets to cluster them by: no patterns")
    with written_whole(path) as beside:
        modiscolite.io.save_hdf5(str(beside), positive, negative, encoded.shape[1])
    return read_patterns(path)


def _both_signs(encoded: Array, relevance: Array, window: int) -> bool:
    """Whether windows sum to both signs: TF-MoDISco fits a null to either and needs both."""
    observed = np.where(encoded.any(axis=2), relevance, 0.0)
    sums = np.lib.stride_tricks.sliding_window_view(observed, window, axis=1).sum(axis=-1)
    return bool((sums > 0).any() and (sums < 0).any())


def _order(sequences: int, seed: int) -> npt.NDArray[np.int64]:
    """Order in which TF-MoDISco gets the sequences: it takes seqlets in that of its input."""
    return np.random.default_rng(seed).permutation(sequences)


def read_seqlets(path: str | Path, ids: Sequence[str], settings: Discovery) -> pd.DataFrame:
    """Where the seqlets of each pattern lie, from a file of :func:`discover_patterns`.

    Parameters
    ----------
    ids
        The sequences' ids, in the order in which their maps were given.

    Returns
    -------
    pandas.DataFrame
        ``id, start, end, strand, pattern, contribution``: 0-based half-open places in the
        sequences, the strand on which the pattern reads, and the summed contribution.
    """
    order = _order(len(ids), settings.seed)
    tables = [pd.DataFrame(columns=SEQLET_COLUMNS)]
    with h5py.File(path, "r") as file:
        for sign, group_name in SIGNS.items():
            for name, group in file.get(group_name, {}).items():
                own = group["seqlets"]
                columns = (
                    [ids[row] for row in order[own["example_idx"][:]]],
                    *(own["start"][:], own["end"][:]),
                    np.where(own["is_revcomp"][:], "-", "+"),
                    f"{sign}_{name.removeprefix('pattern_')}",
                    own["contrib_scores"][:].sum(axis=(1, 2)),
                )
                table = pd.DataFrame(dict(zip(SEQLET_COLUMNS, columns, strict=True)))
                tables.append(table)
    return pd.concat(tables[1:] or tables, ignore_index=True)


def read_patterns(path: str | Path) -> list[Pattern]:
    """Patterns of a file in the form of modisco-lite."""
    patterns = []
    with h5py.File(path, "r") as file:
        for sign, group_name in SIGNS.items():
            for name, group in file.get(group_name, {}).items():
                patterns.append(
                    Pattern(
                        name=f"{sign}_{name.removeprefix('pattern_')}",
                        sign=sign,
                        seqlets=int(group["seqlets"]["n_seqlets"][0]),
                        frequencies=group["sequence"][:],
                        contributions=group["contrib_scores"][:],
                    )
                )
    return sorted(patterns, key=lambda pattern: (pattern.sign != "positive", -pattern.seqlets))


def information(pattern: Pattern) -> Array:
    """Information content per position in bits, (width,), against a uniform background.

    The mean excess of few seqlets is taken off: 3 / (2 n ln 2) bits for n (Schneider et al.
    1986), so that aligned noise has none.
    """
    p = np.clip(pattern.frequencies, 1e-9, 1.0)
    excess = 3.0 / (2.0 * np.log(2.0) * pattern.seqlets)
    return 2.0 + (p * np.log2(p)).sum(axis=1) - excess


def trimmed(pattern: Pattern, threshold: float = 0.4) -> Pattern:
    """The pattern from its first to its last position of at least ``threshold`` bits.

    The whole pattern where no position has them. Contributions are no guide here: in token maps
    they may lie on one token of a long motif.
    """
    informative = np.flatnonzero(information(pattern) >= threshold)
    if not len(informative):
        return pattern
    core = slice(informative[0], informative[-1] + 1)
    return pattern._replace(
        frequencies=pattern.frequencies[core], contributions=pattern.contributions[core]
    )


def compile_discovery() -> None:
    """Have TF-MoDISco compiled now, once for the machine: the first call takes half a minute."""
    rng = np.random.default_rng(0)
    letters = rng.integers(4, size=(300, 80))
    letters[:, 30:42] = [0, 1, 2, 3, 3, 2, 1, 0, 2, 2, 1, 1]
    relevance = 0.05 * rng.normal(size=letters.shape)
    relevance[:150, 30:42] += 1.0
    relevance[150:, 30:42] -= 1.0
    one_hot = (letters[:, None, :] == np.arange(4)[None, :, None]).astype(np.int8)
    with tempfile.TemporaryDirectory() as folder:
        settings = Discovery(21, 10, 400, 0.2, 2, 0)
        discover_patterns(relevance, one_hot, settings, Path(folder) / "patterns.h5")
