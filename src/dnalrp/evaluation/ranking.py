"""Positions in falling order of relevance, with ties: what metrics of an order are made from.

Token maps give all nucleotides of a token the same value, so that ties abound. A metric of an
order is the expectation over all orders of tied values.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dnalrp.evaluation.levels import Level

Array = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class Ranking(NamedTuple):
    """Maps in falling order of relevance, all (maps, ranks) but ``true`` and ``positions``.

    Of the group of equal values that holds a rank: how many true positions it has (``hits``) and
    what they weigh (``weight``), its ``size``, its first rank (``start``), and the true positions
    ``before`` it. ``valid`` ranks are below the map's length. ``true`` and ``positions`` count
    them in each map, (maps, 1).
    """

    hits: Integers
    weight: Array
    size: Integers
    start: Integers
    before: Integers
    valid: Mask
    true: Integers
    positions: Integers


def ranked(relevance: Array, level: Level) -> Ranking:
    """Sort maps once for all metrics; true positions weigh what the level says, or 1."""
    truth, inside = level.true_positions, level.inside
    width = relevance.shape[1]
    rank = np.arange(width)
    values = np.where(inside, -relevance.astype(np.float64), np.inf)
    order = np.argsort(values, axis=1)
    values = np.take_along_axis(values, order, axis=1)
    new = np.ones((len(relevance), width + 1), dtype=bool)
    new[:, 1:-1] = values[:, 1:] != values[:, :-1]
    start = np.maximum.accumulate(np.where(new[:, :-1], rank, 0), axis=1)
    ends = np.where(new[:, 1:], rank + 1, width)[:, ::-1]
    end = np.minimum.accumulate(ends, axis=1)[:, ::-1]
    true = np.take_along_axis(truth & inside, order, axis=1)
    before, hits = _before_and_within(true.astype(np.int64), start, end)
    weight = hits.astype(np.float64)
    if level.weights is not None:
        falling = np.where(true, np.take_along_axis(level.weights, order, axis=1), 0.0)
        weight = _before_and_within(falling, start, end)[1]
    total = true.sum(axis=1, keepdims=True)
    return Ranking(
        hits=hits,
        weight=weight,
        size=end - start,
        start=start,
        before=before,
        valid=inside,
        true=total,
        positions=level.lengths[:, None],
    )


def _before_and_within(
    values: npt.NDArray, start: Integers, end: Integers
) -> tuple[npt.NDArray, npt.NDArray]:
    """Sums of the values before each rank's group, and in it."""
    sums = np.pad(np.cumsum(values, axis=1), [(0, 0), (1, 0)])
    before = np.take_along_axis(sums, start, axis=1)
    return before, np.take_along_axis(sums, end, axis=1) - before


def unweighted(ranks: Ranking) -> Ranking:
    """The same order, with every true position weighing 1."""
    return ranks._replace(weight=ranks.hits.astype(np.float64))


def mean_over_true(expected: Array, ranks: Ranking) -> Array:
    """Weighted mean over true positions, from what each rank is expected to add."""
    weight = np.where(ranks.valid, ranks.weight / ranks.size, 0.0)
    return (weight * expected).sum(axis=1) / weight.sum(axis=1)
