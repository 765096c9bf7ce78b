"""How alike two maps of one sequence are; 1 for equal maps. Maps are (maps, positions)."""

from collections.abc import Mapping
from functools import cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import hypergeom, rankdata

from dnalrp.evaluation.maps import Maps
from dnalrp.evaluation.metrics import Scores, long_form

Array = npt.NDArray[np.floating]
Lengths = npt.NDArray[np.int64]
TOP_SHARE = 0.1


class Comparable(NamedTuple):
    """Maps made ready once for all comparisons, each (maps, positions), zero beyond the end.

    ``direction`` and ``ranks`` have norm 1 in each map, or are NaN where the map is zero or
    constant. ``top`` is the share of each position in the set of the highest, NaN where the map
    is constant and has none.
    """

    direction: Array
    ranks: Array
    top: Array


def comparable(relevance: Array, lengths: Lengths | None = None) -> Comparable:
    """Norms, ranks and highest positions of maps; ``lengths`` (maps,) by default the width."""
    maps, width = relevance.shape
    lengths = np.full(maps, width) if lengths is None else np.asarray(lengths)
    inside = np.arange(width) < lengths[:, None]
    values = relevance.astype(np.float64)
    ranks = rankdata(np.where(inside, values, np.inf), axis=1) - (lengths[:, None] + 1) / 2
    return Comparable(
        _normed(np.where(inside, values, 0.0)),
        _normed(np.where(inside, ranks, 0.0)),
        _highest(np.where(inside, values, -np.inf), top_counts(lengths)),
    )


def top_counts(lengths: Lengths) -> Lengths:
    """Size of the set of highest positions, a tenth of each map, (maps,)."""
    return np.maximum(1, np.round(TOP_SHARE * lengths)).astype(np.int64)


def _normed(values: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return values / np.linalg.norm(values, axis=1, keepdims=True)


def _highest(values: Array, counts: Lengths) -> Array:
    """Share of each position in the highest: 1, 0, or at the border what is left for the ties.

    What lies beyond a map's end is -inf. NaN where all of it is one value.
    """
    constant = values.max(axis=1) == np.min(values, axis=1, initial=np.inf, where=values > -np.inf)
    border = np.take_along_axis(-np.sort(-values, axis=1), counts[:, None] - 1, axis=1)
    sure, tied = values > border, values == border
    left = (counts - sure.sum(axis=1)) / tied.sum(axis=1)
    return np.where(constant[:, None], np.nan, sure + tied * left[:, None])


def cosine(first: Comparable, second: Comparable) -> Array:
    """Cosine of the angle between two maps; chance level 0. NaN if either is zero."""
    return np.einsum("ij,ij->i", first.direction, second.direction)


def spearman(first: Comparable, second: Comparable) -> Array:
    """Rank correlation with mean ranks for ties; chance level 0. NaN if either is constant."""
    return np.einsum("ij,ij->i", first.ranks, second.ranks)


def jaccard(first: Comparable, second: Comparable) -> Array:
    """Overlap over union of the positions of highest relevance, a tenth of all in each map.

    Positions tied at the border share the places left: memberships are expectations over tie
    orders, overlap and union are sums of the smaller and the larger one. NaN if either map is
    constant: two maps of zeros do not agree, they say nothing.
    """
    smaller = np.minimum(first.top, second.top).sum(axis=1)
    return smaller / np.maximum(first.top, second.top).sum(axis=1)


METRICS = {"cosine": cosine, "spearman": spearman, "jaccard": jaccard}


def chance_levels(lengths: Lengths) -> dict[str, Array | float]:
    """Expected value of each metric for two maps that know nothing, one number or (maps,)."""
    counts = top_counts(lengths)
    overlaps = [_random_overlap(int(n), int(k)) for n, k in zip(lengths, counts, strict=True)]
    return {"cosine": 0.0, "spearman": 0.0, "jaccard": np.array(overlaps)}


@cache
def _random_overlap(positions: int, count: int) -> float:
    """Expected Jaccard index of two random sets of ``count`` positions."""
    shared = np.arange(count + 1)
    chances = hypergeom.pmf(shared, positions, count, count)
    return float((chances * shared / (2 * count - shared)).sum())


def compare(
    pairs: Mapping[str, tuple[Comparable, Comparable]],
    level: str,
    how: str,
    ids: list[str],
    lengths: Lengths,
) -> list[Scores]:
    """Scores of named pairs of maps of the same sequences."""
    chance = chance_levels(lengths)
    return [
        Scores(pair, level, how, "similarity", name, ids, metric(*both), chance[name])
        for pair, both in pairs.items()
        for name, metric in METRICS.items()
    ]


def compare_models(
    maps: Mapping[str, Mapping[str, Maps]], level: str = "nucleotide", how: str = "split"
) -> pd.DataFrame:
    """Similarity of the maps of every two models, for all pairs of their methods but ``random``.

    ``maps`` are by model and method, of the same sequences in the same order. Returns one row a
    sequence, pair and metric; ``method`` names model and method of both: ``a:x~b:y``.
    """
    return _compare_trainings(maps, level, how, same_method=False)


def compare_seeds(
    maps: Mapping[str, Mapping[str, Maps]], level: str = "nucleotide", how: str = "split"
) -> pd.DataFrame:
    """Similarity of each method's maps on models of one kind from every two seeds.

    Low values say that maps explain one training more than the task. ``random`` is left out: it
    depends on the sequence alone. Against it, as against the other methods, each method is
    compared on its own seed.

    ``maps`` are by seed and method, else as for :func:`compare_models`; tokens are the same for
    every seed. ``method`` names seed and method of both: ``seed1:x~seed2:x``.
    """
    return _compare_trainings(maps, level, how, same_method=True)


def _compare_trainings(
    maps: Mapping[str, Mapping[str, Maps]], level: str, how: str, same_method: bool
) -> pd.DataFrame:
    ready = {
        (training, method): comparable(own.relevance, own.lengths)
        for training, methods in maps.items()
        for method, own in methods.items()
        if method != "random"
    }
    pairs = {
        f"{':'.join(first)}~{':'.join(second)}": (ready[first], ready[second])
        for first, second in combinations(ready, 2)
        if first[0] != second[0] and (first[1] == second[1] or not same_method)
    }
    if not pairs:
        return long_form([])
    one = next(iter(next(own for own in maps.values() if own).values()))
    return long_form(compare(pairs, level, how, one.ids, one.lengths))
