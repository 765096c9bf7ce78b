"""Motif discovery on relevance maps by TF-MoDISco (Shrikumar et al. 2018; modisco-lite)."""

import io
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.errors import InputError
from dnalrp.motifs.clustering import (
    Clusters,
    Discovery,
    Rows,
    both_signs,
    cluster_seqlets,
)
from dnalrp.provenance import written_whole

log = logging.getLogger(__name__)

Array = npt.NDArray[np.floating]
SIGNS = {"positive": "pos_patterns", "negative": "neg_patterns"}
SEQLET_COLUMNS = ["id", "start", "end", "strand", "pattern", "contribution"]


class Pattern(NamedTuple):
    """A motif found: mean one-hot and mean contribution of its seqlets, both (width, 4)."""

    name: str
    sign: str
    seqlets: int
    frequencies: Array
    contributions: Array


def discover_patterns(
    relevance: Array,
    one_hot: npt.NDArray[np.int8],
    settings: Discovery,
    path: str | Path,
    *,
    lengths: Sequence[int] | None = None,
    method: str | None = None,
) -> list[Pattern]:
    """Cluster the salient windows of relevance maps into patterns; write them as HDF5.

    Token models have no hypothetical contributions, so every model is run on the contributions
    of the observed nucleotides, zero elsewhere, which keeps the comparison fair.

    Parameters
    ----------
    relevance
        (sequences, length); positive speaks for class 1. What lies behind the end of a shorter
        sequence is not read.
    one_hot
        (sequences, 4, length).
    path
        HDF5 file in the library's own form, empty if no pattern is found.
    lengths
        The sequences' lengths; without them a sequence ends at its last base that is not N.
    method
        What made the maps, for messages.

    Returns
    -------
    list of Pattern
        Positive patterns first, each kind by falling number of seqlets. Empty where the maps
        hold fewer salient windows than TF-MoDISco clusters, or none that are alike, and where
        no sequence has the length of a window with its flanks.

    Raises
    ------
    InputError
        A map has no finite number for some base, or the library fails.
    """
    import modiscolite

    maps = f"the {method} maps" if method else "the maps"
    order = _order(len(relevance), settings.seed)
    ends = _ends(one_hot) if lengths is None else np.asarray(lengths, dtype=np.int64)
    rows = _contributions(relevance[order], one_hot[order], ends[order], settings, maps=maps)
    clusters = Clusters()
    if _long_enough(ends, settings, maps) and both_signs(rows, settings.window):
        clusters = cluster_seqlets(rows, settings, f"{maps} of {len(relevance)} sequences")
    # by way of memory: HDF5 on a full disk fails again and again when its files are closed
    contents = io.BytesIO()
    modiscolite.io.save_hdf5(contents, *clusters, rows.one_hot.shape[1])
    with written_whole(path) as beside:
        beside.write_bytes(contents.getvalue())
    return read_patterns(path)


def _ends(one_hot: npt.NDArray[np.int8]) -> npt.NDArray[np.int64]:
    """Where each sequence's last base ends, (sequences,)."""
    observed = np.asarray(one_hot.any(axis=1))
    return np.where(observed.any(axis=1), observed.shape[1] - observed[:, ::-1].argmax(axis=1), 0)


def _contributions(
    relevance: Array,
    one_hot: npt.NDArray[np.int8],
    lengths: npt.NDArray[np.int64],
    settings: Discovery,
    *,
    maps: str,
) -> Rows:
    """Contributions of the observed bases, zero at the others, at N and in padding."""
    encoded = one_hot.transpose(0, 2, 1).astype(np.float32)
    signed = relevance.astype(np.float32)
    observed = encoded.any(axis=2)
    if not np.isfinite(signed[observed]).all():
        raise InputError(
            f"{maps} hold numbers that are not finite; explain these sequences again, or leave "
            "out the method"
        )
    signed[~observed] = 0.0
    rows = Rows(encoded, encoded * signed[:, :, None], lengths)
    if observed.any() and not both_signs(rows, settings.window):
        # maps without a sign, as saliency's: what counts is above or below their mean
        signed -= signed[observed].mean()
        rows = rows._replace(contributions=encoded * signed[:, :, None])
    return rows


def _long_enough(lengths: npt.NDArray[np.int64], settings: Discovery, maps: str) -> bool:
    """Whether any sequence can hold a seqlet; the log says how many cannot."""
    short = int((lengths < settings.bases()).sum())
    none = short == len(lengths)
    cure = ": no patterns; choose a smaller motifs.window or flank" if none else ""
    if short:
        log.warning(
            "%s: %d of %d sequences are shorter than a window of %d with flanks of %d and hold "
            "no seqlet%s",
            maps,
            short,
            len(lengths),
            settings.window,
            settings.flank,
            cure,
        )
    return not none


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
                seqlets = group["seqlets"]
                columns = (
                    [ids[row] for row in order[seqlets["example_idx"][:]]],
                    seqlets["start"][:],
                    seqlets["end"][:],
                    np.where(seqlets["is_revcomp"][:], "-", "+"),
                    f"{sign}_{name.removeprefix('pattern_')}",
                    seqlets["contrib_scores"][:].sum(axis=(1, 2)),
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
        settings = Discovery(window=21, flank=10, max_seqlets=400, fdr=0.2, leiden_runs=2, seed=0)
        discover_patterns(relevance, one_hot, settings, Path(folder) / "patterns.h5")
