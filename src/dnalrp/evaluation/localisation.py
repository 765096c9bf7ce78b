"""Does relevance lie on the true sites? Higher is better for every metric here.

One map is (n,) relevance, positive where it speaks for what is explained, with an (n,) Boolean
mask of the ground truth. Token maps give all nucleotides of a token the same value: every
metric is the expectation over all orders of tied values.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dnalrp.projection import to_nucleotides, to_tokens

Array = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]


class Ties(NamedTuple):
    """Positions in falling order of relevance, and the group of equal values that each is in."""

    hits: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]


def tied_groups(relevance: Array, mask: Mask) -> Ties:
    """Groups of equal relevance from the highest on: true positions in each, size, first rank."""
    _, group, sizes = np.unique(-relevance, return_inverse=True, return_counts=True)
    hits = np.bincount(group, weights=mask, minlength=len(sizes)).astype(np.int64)
    return Ties(hits, sizes, np.cumsum(sizes) - sizes)


def auroc(relevance: Array, mask: Mask, ties: Ties | None = None) -> float:
    """Chance that a position inside the mask ranks above one outside; chance level 0.5."""
    ties = ties or tied_groups(relevance, mask)
    misses = ties.sizes - ties.hits
    below = misses.sum() - np.cumsum(misses)
    return float((ties.hits * (below + 0.5 * misses)).sum() / (mask.sum() * (~mask).sum()))


def average_precision(relevance: Array, mask: Mask, ties: Ties | None = None) -> float:
    """Area under the precision-recall curve by its steps.

    The chance level is its own expectation over all orders, somewhat above |M| / n.
    In a group of t ties with m true, after a positions with p true, the i-th is true with
    chance m / t, and then (i - 1)(m - 1) / (t - 1) of those before it in the group are.
    """
    ties = ties or tied_groups(relevance, mask)
    size = np.repeat(ties.sizes, ties.sizes)
    hits = np.repeat(ties.hits, ties.sizes)
    rank = np.arange(len(relevance))
    within = rank - np.repeat(ties.starts, ties.sizes)
    before = np.repeat(np.cumsum(ties.hits) - ties.hits, ties.sizes)
    companions = within * (hits - 1) / np.maximum(size - 1, 1)
    expected = hits / size * (before + 1 + companions) / (rank + 1)
    return float(expected.sum() / mask.sum())


def mass_accuracy(relevance: Array, mask: Mask) -> float:
    """Share of the positive relevance that lies inside the mask; chance level |M| / n.

    NaN where no relevance is positive.
    """
    positive = np.maximum(relevance, 0.0)
    total = positive.sum()
    return float(positive[mask].sum() / total) if total > 0 else float("nan")


def rank_accuracy(relevance: Array, mask: Mask, ties: Ties | None = None) -> float:
    """Share of the |M| highest positions that lies inside the mask; chance level |M| / n."""
    ties = ties or tied_groups(relevance, mask)
    taken = np.clip(mask.sum() - ties.starts, 0, ties.sizes)
    return float((ties.hits * taken / ties.sizes).sum() / mask.sum())


def pointing_game(relevance: Array, mask: Mask) -> float:
    """Is the highest position inside the mask; chance level |M| / n."""
    return float(mask[relevance == relevance.max()].mean())


def localise(relevance: Array, mask: Mask) -> dict[str, float]:
    """Every metric of this module by name; the map is ranked once."""
    ties = tied_groups(relevance, mask)
    return {
        "auroc": auroc(relevance, mask, ties),
        "auprc": average_precision(relevance, mask, ties),
        "mass_accuracy": mass_accuracy(relevance, mask),
        "rank_accuracy": rank_accuracy(relevance, mask, ties),
        "pointing_game": pointing_game(relevance, mask),
    }


def chance_levels(mask: Mask) -> dict[str, float]:
    """Expected value of each localisation metric for a map that knows nothing."""
    share = float(mask.mean())
    auprc = average_precision(np.zeros(len(mask)), mask)
    others = dict.fromkeys(("mass_accuracy", "rank_accuracy", "pointing_game"), share)
    return {"auroc": 0.5, "auprc": auprc, **others}


def token_ceiling(mask: Mask, spans: npt.NDArray[np.int64]) -> Array:
    """The mask seen through tokens: each nucleotide gets the share of its token inside the mask.

    No order of the tokens ranks better than this one. Mass accuracy alone can be higher: by a
    map on one token inside a site.
    """
    shares = to_tokens(mask.astype(np.float64), spans, "mean")
    return to_nucleotides(shares, spans, len(mask), "copy")
