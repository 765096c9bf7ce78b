"""Does relevance lie on the true sites? Higher is better for every metric here.

Maps are (maps, positions) relevance, positive where it speaks for what is explained, with a
Boolean mask of the ground truth of the same shape; what lies beyond a map's length does not
count. Scores are (maps,), NaN where the mask is empty or full. Token maps give all nucleotides of
a token the same value: every metric is the expectation over all orders of tied values.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dnalrp.projection import RealTokens

Array = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
MAPS_AT_ONCE = 512  # ranked together, for memory


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


def ranked(
    relevance: Array, mask: Mask, lengths: Integers | None = None, weights: Array | None = None
) -> Ranking:
    """Sort maps once for all metrics; ``weights`` of the true positions are 1 by default."""
    maps, width = relevance.shape
    lengths = np.full(maps, width) if lengths is None else lengths
    place = np.arange(width)
    inside = place < lengths[:, None]
    values = np.where(inside, -relevance.astype(np.float64), np.inf)
    order = np.argsort(values, axis=1)
    values = np.take_along_axis(values, order, axis=1)
    new = np.ones((maps, width + 1), dtype=bool)
    new[:, 1:-1] = values[:, 1:] != values[:, :-1]
    start = np.maximum.accumulate(np.where(new[:, :-1], place, 0), axis=1)
    ends = np.where(new[:, 1:], place + 1, width)[:, ::-1]
    end = np.minimum.accumulate(ends, axis=1)[:, ::-1]
    true = np.take_along_axis(mask & inside, order, axis=1)
    before, hits = _before_and_within(true.astype(np.int64), start, end)
    weight = hits.astype(np.float64)
    if weights is not None:
        falling = np.where(true, np.take_along_axis(weights, order, axis=1), 0.0)
        weight = _before_and_within(falling, start, end)[1]
    total = true.sum(axis=1, keepdims=True)
    return Ranking(hits, weight, end - start, start, before, inside, total, lengths[:, None])


def _before_and_within(
    values: npt.NDArray, start: Integers, end: Integers
) -> tuple[npt.NDArray, npt.NDArray]:
    """Sums of the values before each rank's group, and in it."""
    sums = np.pad(np.cumsum(values, axis=1), [(0, 0), (1, 0)])
    before = np.take_along_axis(sums, start, axis=1)
    return before, np.take_along_axis(sums, end, axis=1) - before


def _mean_over_true(expected: Array, ranks: Ranking) -> Array:
    """Weighted mean over true positions, from what each rank is expected to add."""
    weight = np.where(ranks.valid, ranks.weight / ranks.size, 0.0)
    return (weight * expected).sum(axis=1) / weight.sum(axis=1)


def auroc(ranks: Ranking) -> Array:
    """Chance that a position inside the mask ranks above one outside; chance level 0.5.

    Weights are those of the positions inside: the mean over them is a weighted one.
    """
    outside = ranks.positions - ranks.true
    misses = ranks.size - ranks.hits
    below = outside - (ranks.start - ranks.before) - misses
    return _mean_over_true((below + 0.5 * misses) / outside, ranks)


def average_precision(ranks: Ranking) -> Array:
    """Area under the precision-recall curve by its steps: mean precision at the true positions.

    The chance level is its own expectation over all orders, somewhat above |M| / n.
    In a group of t ties with m true, after a positions with p true, the i-th is true with
    chance m / t, and then (i - 1)(m - 1) / (t - 1) of those before it in the group are. Weights
    make the mean over true positions a weighted one; precision itself counts positions.
    """
    rank = np.arange(ranks.hits.shape[1])
    companions = (rank - ranks.start) * (ranks.hits - 1) / np.maximum(ranks.size - 1, 1)
    return _mean_over_true((ranks.before + 1 + companions) / (rank + 1), ranks)


def rank_accuracy(ranks: Ranking) -> Array:
    """Share of the |M| highest positions that lies inside the mask; chance level |M| / n."""
    taken = np.arange(ranks.hits.shape[1]) < ranks.true
    return (taken * ranks.hits / ranks.size).sum(axis=1) / ranks.true[:, 0]


def pointing_game(ranks: Ranking) -> Array:
    """Is the highest position inside the mask; chance level |M| / n."""
    return ranks.hits[:, 0] / ranks.size[:, 0]


def mass_accuracy(relevance: Array, mask: Mask, lengths: Integers | None = None) -> Array:
    """Share of the positive relevance that lies inside the mask; chance level |M| / n.

    NaN where no relevance is positive.
    """
    width = relevance.shape[1]
    inside = True if lengths is None else np.arange(width) < lengths[:, None]
    positive = np.where(inside, np.maximum(relevance, 0.0), 0.0).astype(np.float64)
    with np.errstate(invalid="ignore"):
        return (positive * mask).sum(axis=1) / positive.sum(axis=1)


def localise(
    relevance: Array, mask: Mask, lengths: Integers | None = None, weights: Array | None = None
) -> dict[str, Array]:
    """Every metric of this module by name, (maps,) each; a map is ranked once.

    Parameters
    ----------
    relevance, mask
        (maps, positions).
    lengths
        (maps,) positions of each map; by default all.
    weights
        (maps, positions), above zero inside the mask: adds ``auroc_by_information`` and
        ``auprc_by_information``.
    """
    lengths = np.full(len(relevance), relevance.shape[1]) if lengths is None else lengths
    parts = []
    for start in range(0, max(len(relevance), 1), MAPS_AT_ONCE):
        rows = slice(start, start + MAPS_AT_ONCE)
        own = None if weights is None else weights[rows]
        parts.append(_localised(relevance[rows], mask[rows], lengths[rows], own))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _localised(
    relevance: Array, mask: Mask, lengths: Integers, weights: Array | None
) -> dict[str, Array]:
    ranks = ranked(relevance, mask, lengths, weights)
    plain = ranks._replace(weight=ranks.hits.astype(np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = {
            "auroc": auroc(plain),
            "auprc": average_precision(plain),
            "mass_accuracy": mass_accuracy(relevance, mask, lengths),
            "rank_accuracy": rank_accuracy(plain),
            "pointing_game": pointing_game(plain),
        }
        if weights is not None:
            scores["auroc_by_information"] = auroc(ranks)
            scores["auprc_by_information"] = average_precision(ranks)
    both = (plain.true > 0) & (plain.true < plain.positions)
    return {name: np.where(both[:, 0], values, np.nan) for name, values in scores.items()}


def chance_levels(mask: Mask, lengths: Integers | None = None) -> dict[str, Array]:
    """Expected value of each localisation metric for a map that knows nothing, (maps,) each.

    Weights change none: over all orders, every true position is alike.
    """
    constant = localise(np.zeros(mask.shape), mask, lengths)
    share = constant["pointing_game"]
    half, auprc = constant["auroc"], constant["auprc"]
    return {
        "auroc": half,
        "auprc": auprc,
        **dict.fromkeys(("mass_accuracy", "rank_accuracy", "pointing_game"), share),
        "auroc_by_information": half,
        "auprc_by_information": auprc,
    }


def token_ceiling(mask: Mask, tokens: RealTokens) -> Array:
    """The mask seen through tokens: each nucleotide gets the share of its token inside the mask.

    No order of the tokens ranks better than this one. Mass accuracy alone can be higher: by a
    map on one token inside a site.

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
