"""What a match is worth: a null of shuffled patterns, and patterns that are composition alone.

TOMTOM's p-value (Gupta et al. 2007) compares a pattern's columns with columns drawn one by one
from all matrices. Patterns are not so drawn: a pattern rich in G and C, or one with a sharp middle
and weak ends, has p-values of 1e-6 to 1e-11 with some matrix whatever the order of its columns.
What makes a motif is that order. The null here is therefore the pattern itself with its columns
in random order, which keeps width, composition and the sharpness of every column, against the
same matrices, and the statistic is the lowest p-value that TOMTOM gives with any of them.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]

STAGES = (19, 99, 499)  # shuffles drawn in all, until a match is plainly no better than many
CHANCE = 0.2
COMPOSITION = 0.5  # share of information that the mean column keeps in composition alone
REPEAT = 0.7  # and that the columns of one phase keep in a repeat
MARGIN = 0.2  # by which a repeat keeps more than its composition does
REPEATS = {2: "dinucleotide repeat", 3: "trinucleotide repeat"}


def best_matches(queries: Sequence[Array], targets: Sequence[Array]) -> Array:
    """Best of TOMTOM's matches of each query: (queries, 3) p-value, strand and target's index.

    Queries and targets are (4, width); both strands are compared.
    """
    from memelite import tomtom

    columns = [np.ascontiguousarray(query) for query in queries]
    best = tomtom(columns, list(targets), n_nearest=1)[:, :, 0]
    return np.stack([best[0], best[4], best[5]], axis=1)


def shuffled_p_value(pattern: Array, p_value: float, targets: Sequence[Array]) -> float:
    """Share of shuffles of a pattern's columns that match some target as well as it does.

    Counted with the pattern itself among them, so that the lowest value is 0.002, of 499
    shuffles (Phipson and Smyth 2010). No more are drawn once the share is above ``CHANCE``, so
    that values above it are rough. The same pattern has the same value, whatever lies beside it.

    Parameters
    ----------
    pattern
        (4, width).
    p_value
        TOMTOM's for its best match among ``targets``.
    """
    rng = np.random.default_rng(0)
    as_good = 0
    drawn = 0
    for total in STAGES:
        shuffled = [pattern[:, rng.permutation(pattern.shape[1])] for _ in range(total - drawn)]
        best = best_matches(shuffled, targets)[:, 0]
        as_good += int((best <= p_value * (1 + 1e-9)).sum())
        drawn = total
        share = (1 + as_good) / (1 + drawn)
        if share > CHANCE:
            break
    return share


def q_values(p_values: Array) -> Array:
    """False discovery rates by Benjamini and Hochberg (1995); missing p-values stay missing.

    If no pattern of a map is more than its composition, the chance that any q-value lies below
    a level is at most that level.
    """
    from scipy.stats import false_discovery_control

    rates = np.full(len(p_values), np.nan)
    tested = ~np.isnan(p_values)
    if tested.any():
        rates[tested] = false_discovery_control(p_values[tested])
    return rates


def low_complexity(pattern: Array) -> str | None:
    """Why a pattern (4, width) is no more than its composition or a short repeat, or None.

    Its columns are replaced by their mean, over all of them or over those of one phase of a
    repeat: in a motif hardly any information is left (a tenth in CTCF's matrix), in a
    homopolymer all of it.
    """
    composition = _kept(pattern, 1)
    for period, name in REPEATS.items():
        repeat = _kept(pattern, period) if pattern.shape[1] >= 4 * period else 0.0
        if repeat >= max(REPEAT, composition + MARGIN):
            return name
    if composition < COMPOSITION:
        return None
    mean = pattern.mean(axis=1)
    gc = float(mean[1:3].sum())
    if mean.max() >= 0.7:
        return "homopolymer"
    return "GC-rich" if gc >= 0.65 else "AT-rich" if gc <= 0.35 else "composition"


def _kept(pattern: Array, period: int) -> float:
    """Share of a pattern's information that is left in the mean columns of each phase."""
    means = pattern.copy()
    for phase in range(period):
        means[:, phase::period] = pattern[:, phase::period].mean(axis=1, keepdims=True)
    total = _bits(pattern)
    return _bits(means) / total if total > 0 else 1.0


def _bits(pattern: Array) -> float:
    p = np.clip(pattern, 1e-9, 1.0)
    return float((2.0 + (p * np.log2(p)).sum(axis=0)).sum())
