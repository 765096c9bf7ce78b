"""Does relevance lie on the true sites? Higher is better for every metric here.

A score is given relevance (sequences, positions), positive where it speaks for a sequence's own
class, and its :class:`~dnalrp.evaluation.levels.Level` of sequences with true sites, and returns
(sequences,). What lies beyond a sequence's end does not count; the judge makes NaN of scores where
no position is true, or every one. Every metric of an order is the expectation over all orders of
tied values.
"""

import numpy as np
import numpy.typing as npt

from dnalrp.evaluation.catalogue import Metric
from dnalrp.evaluation.judging import chance_of, score_map
from dnalrp.evaluation.levels import Level, level_of
from dnalrp.evaluation.ranking import Ranking, mean_over_true, ranked, unweighted

Array = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NOTE = (
    "Does relevance lie on the true sites? Points: means of the split maps, with "
    "95 % intervals; dotted: chance. 'ceiling' is the truth seen through the model's tokens: no "
    "order of them ranks better (mass accuracy alone can exceed it). It is 1 where tokens overlap, "
    "as k-mers do: they may resolve single nucleotides. Sequences without a true "
    "site are left out; those of class 0 count in their own sign."
)


def auroc(relevance: Array, level: Level) -> Array:
    """Chance that a position inside the mask ranks above one outside; chance level 0.5."""
    return _chance_above(unweighted(level.shared(ranked, relevance)))


def auprc(relevance: Array, level: Level) -> Array:
    """Area under the precision-recall curve by its steps: mean precision at the true positions.

    The chance level is its own expectation over all orders, somewhat above |M| / n.
    """
    return _mean_precision(unweighted(level.shared(ranked, relevance)))


def auroc_by_information(relevance: Array, level: Level) -> Array | None:
    """AUROC, the mean over true positions weighted by their motif's information content."""
    return None if level.weights is None else _chance_above(level.shared(ranked, relevance))


def auprc_by_information(relevance: Array, level: Level) -> Array | None:
    """AUPRC, the mean over true positions weighted by their motif's information content."""
    return None if level.weights is None else _mean_precision(level.shared(ranked, relevance))


def _chance_above(ranks: Ranking) -> Array:
    outside = ranks.positions - ranks.true
    misses = ranks.size - ranks.hits
    below = outside - (ranks.start - ranks.before) - misses
    return mean_over_true((below + 0.5 * misses) / outside, ranks)


def _mean_precision(ranks: Ranking) -> Array:
    """In closed form.

    In a group of t ties with m true, after a positions with p true, the i-th is true with
    chance m / t, and then (i - 1)(m - 1) / (t - 1) of those before it in the group are. Weights
    make the mean over true positions a weighted one; precision itself counts positions.
    """
    rank = np.arange(ranks.hits.shape[1])
    companions = (rank - ranks.start) * (ranks.hits - 1) / np.maximum(ranks.size - 1, 1)
    return mean_over_true((ranks.before + 1 + companions) / (rank + 1), ranks)


def mass_accuracy(relevance: Array, level: Level) -> Array:
    """Share of the positive relevance that lies inside the mask; chance level |M| / n.

    NaN where no relevance is positive.
    """
    positive = np.where(level.inside, np.maximum(relevance, 0.0), 0.0).astype(np.float64)
    return (positive * level.true_positions).sum(axis=1) / positive.sum(axis=1)


def rank_accuracy(relevance: Array, level: Level) -> Array:
    """Share of the |M| highest positions that lies inside the mask; chance level |M| / n."""
    ranks = level.shared(ranked, relevance)
    taken = np.arange(ranks.hits.shape[1]) < ranks.true
    return (taken * ranks.hits / ranks.size).sum(axis=1) / ranks.true[:, 0]


def pointing_game(relevance: Array, level: Level) -> Array:
    """Is the highest position inside the mask; chance level |M| / n."""
    ranks = level.shared(ranked, relevance)
    return ranks.hits[:, 0] / ranks.size[:, 0]


# A map that is the same everywhere is all orders at once: it scores what no knowledge scores.


def half(level: Level) -> Array:
    """AUROC of a flat map; weights change none: over all orders, true positions are alike."""
    return auroc(level.flat, level)


def precision_by_chance(level: Level) -> Array:
    """Mean precision of a flat map."""
    return auprc(level.flat, level)


def share_of_true(level: Level) -> Array:
    """|M| / n."""
    return pointing_game(level.flat, level)


_TOKENS = "1; of token maps at nucleotides the method `ceiling`"
_EXCEEDABLE = "1; a token map's can exceed the method `ceiling`"
_SHARE = "|M| / n"

METRICS = (
    Metric(
        name="auroc",
        title="AUROC",
        meaning="chance that a true position ranks above another",
        better="higher",
        chance="0.5",
        chance_level=half,
        ceiling=_TOKENS,
        score=auroc,
        of_ceiling=True,
        shown=True,
        column="AUROC",
    ),
    Metric(
        name="auprc",
        title="AUPRC",
        meaning="mean precision at the true positions",
        better="higher",
        chance="its expectation over all orders, somewhat above |M| / n",
        chance_level=precision_by_chance,
        ceiling=_TOKENS,
        score=auprc,
        of_ceiling=True,
        shown=True,
        column="AUPRC",
    ),
    Metric(
        name="mass_accuracy",
        title="relevance mass\naccuracy",
        meaning="share of the positive relevance inside the sites",
        better="higher",
        chance=_SHARE,
        chance_level=share_of_true,
        ceiling=_EXCEEDABLE,
        score=mass_accuracy,
        of_ceiling=True,
        shown=True,
        column="mass",
    ),
    Metric(
        name="rank_accuracy",
        title="relevance rank\naccuracy",
        meaning="share of the |M| highest positions inside the sites",
        better="higher",
        chance=_SHARE,
        chance_level=share_of_true,
        ceiling=_TOKENS,
        score=rank_accuracy,
        of_ceiling=True,
        shown=True,
    ),
    Metric(
        name="pointing_game",
        title="pointing game",
        meaning="is the highest position inside a site",
        better="higher",
        chance=_SHARE,
        chance_level=share_of_true,
        ceiling=_TOKENS,
        score=pointing_game,
        of_ceiling=True,
        shown=True,
    ),
    Metric(
        name="auroc_by_information",
        meaning="auroc, true positions weighted by their motif's information content",
        better="higher",
        chance="0.5",
        chance_level=half,
        ceiling=_EXCEEDABLE,
        score=auroc_by_information,
    ),
    Metric(
        name="auprc_by_information",
        meaning="auprc, true positions weighted by their motif's information content",
        better="higher",
        chance="that of auprc",
        chance_level=precision_by_chance,
        ceiling=_EXCEEDABLE,
        score=auprc_by_information,
    ),
    Metric(
        name="auroc_of_ceiling",
        meaning="auroc as a share of what the tokens allow: chance 0, the ceiling 1",
        better="higher",
        chance="0",
        chance_level=0.0,
        ceiling="1",
        column="AUROC of ceiling",
        verb="localises better",
    ),
)


def localise(
    relevance: Array,
    mask: Mask,
    lengths: Integers | None = None,
    weights: Array | None = None,
) -> dict[str, Array]:
    """Every metric of this axis by name, (maps,) each, of maps in an array; a map is ranked once.

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
    level = level_of(relevance, lengths, truth=mask, weights=weights)
    return score_map(METRICS, level, relevance, decided=True)


def chance_levels(mask: Mask, lengths: Integers | None = None) -> dict[str, Array]:
    """Expected value of each metric for a map that knows nothing, (maps,) each."""
    level = level_of(np.zeros(mask.shape), lengths, truth=mask)
    scored = [card for card in METRICS if card.score is not None]
    return {card.name: chance_of(card, level, decided=True) for card in scored}
