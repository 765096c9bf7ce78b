"""Is an explanation sparse and simple? Signs do not matter.

A score is given relevance (sequences, positions), zero beyond the end of each, and its
:class:`~dnalrp.evaluation.levels.Level`, and returns (sequences,).
"""

import numpy as np
import numpy.typing as npt

from dnalrp.evaluation.catalogue import Metric
from dnalrp.evaluation.judging import score_map
from dnalrp.evaluation.levels import Level, level_of

Array = npt.NDArray[np.floating]
Lengths = npt.NDArray[np.int64]
HELD = 0.9
"""Share of the absolute relevance that the effective size holds."""

NOTE = (
    "Few nucleotides, or many? The random map shows what noise would score on "
    "the same tokens; token maps are smooth by construction, so compare within a model."
)


def rising(relevance: Array, level: Level) -> Array:
    """Absolute relevance, sorted in each map; what lies beyond its end is zero, and comes first."""
    sizes = np.abs(relevance.astype(np.float64))
    return np.sort(np.where(level.inside, sizes, 0.0), axis=1)


def gini(relevance: Array, level: Level) -> Array:
    """Gini index of the absolute relevance: 0 if all are equal, near 1 if one holds all.

    Higher is sparser. Depends on n: compare at equal n only. NaN for a map of zeros.
    """
    sizes, lengths = level.shared(rising, relevance), level.lengths
    width = sizes.shape[1]
    rank = np.arange(1, width + 1) - (width - lengths[:, None])  # padding sorts to the front
    weights = 2 * rank - lengths[:, None] - 1
    return (weights * sizes).sum(axis=1) / (lengths * sizes.sum(axis=1))


def entropy(relevance: Array, level: Level) -> Array:
    """Entropy of |R| / sum |R| over log n: 1 if all are equal, 0 if one holds all.

    Lower is simpler. NaN for a map of zeros or of one position.
    """
    sizes = level.shared(rising, relevance)
    shares = sizes / sizes.sum(axis=1, keepdims=True)
    logarithms = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return -(shares * logarithms).sum(axis=1) / np.log(level.lengths)


def effective_size(relevance: Array, level: Level) -> Array:
    """Smallest part of the positions that holds 90 % of the absolute relevance, as a fraction.

    Lower is simpler. NaN for a map of zeros.
    """
    sizes = level.shared(rising, relevance)
    held = np.cumsum(sizes[:, ::-1], axis=1)
    total = sizes.sum(axis=1)
    needed = (held < HELD * total[:, None] * (1 - 1e-12)).sum(axis=1) + 1
    return np.where(total > 0, needed / level.lengths, np.nan)


_RANDOM = "none: the random map's own score"

METRICS = (
    Metric(
        name="gini",
        axis="sparsity",
        title="Gini index\n(higher: sparser)",
        meaning="Gini index of |R|, at equal n only",
        better="higher",
        chance=_RANDOM,
        ceiling="1 - 1 / n",
        score=gini,
        depends_on_grain=True,
        shown=True,
        column="Gini",
        verb="is sparser",
    ),
    Metric(
        name="entropy",
        axis="complexity",
        title="entropy / log n\n(lower: simpler)",
        meaning="entropy of |R| / sum |R| over log n",
        better="lower",
        chance=_RANDOM,
        ceiling="0",
        score=entropy,
        depends_on_grain=True,
        shown=True,
        column="entropy",
        verb="is simpler",
    ),
    Metric(
        name="effective_size",
        axis="complexity",
        title="share that holds 90 %\n(lower: simpler)",
        meaning="smallest share of the positions that holds 90 % of |R|",
        better="lower",
        chance=_RANDOM,
        ceiling="1 / n",
        score=effective_size,
        depends_on_grain=True,
        shown=True,
    ),
)


def concentrate(relevance: Array, lengths: Lengths | None = None) -> dict[str, Array]:
    """Every metric of this axis by name, (maps,) each, of maps in an array, sorted once.

    Parameters
    ----------
    relevance
        (maps, positions).
    lengths
        (maps,) positions of each map; by default all. What lies beyond does not count.
    """
    return score_map(METRICS, level_of(relevance, lengths), relevance, decided=False)
