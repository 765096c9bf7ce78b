"""How alike two maps of one sequence are; 1 for equal maps.

A score is given two :class:`Comparable` of maps (sequences, positions), and returns (sequences,).
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.attribution.maps import RelevanceMaps
from dnalrp.catalogue import resolve
from dnalrp.evaluation.catalogue import AXES, Axis, Metric
from dnalrp.evaluation.levels import NUCLEOTIDE, Explained, Level
from dnalrp.evaluation.scores import Scores, long_form
from dnalrp.names import RANDOM, pair_name

Array = npt.NDArray[np.floating]
Lengths = npt.NDArray[np.int64]
TOP_SHARE = 0.1

NOTE = (
    "How alike are the maps of two methods, or of two models? Mean Spearman "
    "correlation of split maps; blank where two were not compared. On the diagonal: the same "
    "method on models of two seeds, where there are several; else, and for random maps, which "
    "depend on the sequence alone, 1. A method that agrees less with itself there than with "
    "others explains one training. Cosine and Jaccard, and the maps on tokens, are among the "
    "numbers below."
)


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
    from scipy.stats import rankdata

    maps, width = relevance.shape
    lengths = np.full(maps, width) if lengths is None else np.asarray(lengths)
    inside = np.arange(width) < lengths[:, None]
    values = relevance.astype(np.float64)
    ranks = rankdata(np.where(inside, values, np.inf), axis=1) - (lengths[:, None] + 1) / 2
    return Comparable(
        direction=_normed(np.where(inside, values, 0.0)),
        ranks=_normed(np.where(inside, ranks, 0.0)),
        top=_highest(np.where(inside, values, -np.inf), top_counts(lengths)),
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


def overlap_by_chance(lengths: Lengths) -> Array:
    """Expected Jaccard index of two maps that know nothing, (maps,)."""
    counts = top_counts(lengths)
    return np.array([_overlap(int(n), int(k)) for n, k in zip(lengths, counts, strict=True)])


@cache
def _overlap(positions: int, count: int) -> float:
    """Expected Jaccard index of two random sets of ``count`` positions."""
    from scipy.stats import hypergeom

    shared = np.arange(count + 1)
    chances = hypergeom.pmf(shared, positions, count, count)
    return float((chances * shared / (2 * count - shared)).sum())


METRICS = (
    Metric(
        name="cosine",
        meaning="cosine of the angle between two maps",
        better="neither",
        chance="0",
        chance_level=0.0,
        ceiling="1",
        score=cosine,
    ),
    Metric(
        name="spearman",
        title="Spearman",
        meaning="rank correlation of two maps",
        better="neither",
        chance="0",
        chance_level=0.0,
        ceiling="1",
        score=spearman,
        shown=True,
    ),
    Metric(
        name="jaccard",
        title="Jaccard of top 10 %",
        meaning="overlap over union of the 10 % highest positions",
        better="neither",
        chance="its expectation for two random sets, about 0.05",
        chance_level=overlap_by_chance,
        ceiling="1",
        score=jaccard,
    ),
)


def judge(axis: Axis, explained: Explained) -> list[Scores]:
    """Similarity of every two methods' maps; ``method`` names both, joined by ``~``."""
    scores: list[Scores] = []
    for level in explained.levels:
        ready = {
            key: comparable(level.maps[key], level.lengths)
            for key in dict.fromkeys(level.alike[key] for key in level.maps)
        }
        for projection in sorted({projection for _, projection in level.maps}):
            methods = sorted(method for method, other in level.maps if other == projection)
            pairs = {
                pair_name(a, b): (
                    ready[level.alike[a, projection]],
                    ready[level.alike[b, projection]],
                )
                for a, b in combinations(methods, 2)
            }
            scores += _compared(axis, level, projection, pairs)
    return scores


def _compared(
    axis: Axis,
    level: Level,
    projection: str,
    pairs: Mapping[str, tuple[Comparable, Comparable]],
) -> Iterator[Scores]:
    """Scores of named pairs of maps of the sequences of a level."""
    chances = {card.name: _chance(card, level.lengths) for card in axis.cards}
    for name, (first, second) in pairs.items():
        for card in axis.cards:
            values = resolve(card.score)(first, second)
            key = (name, projection)
            yield level.scores(key, card, values=values, chance=chances[card.name])


def _chance(card: Metric, lengths: Lengths) -> Array | float:
    """What two maps score that know nothing: one number, or (maps,)."""
    chance = resolve(card.chance_level)
    return chance(lengths) if callable(chance) else chance


MapsByTraining = Mapping[str, Mapping[str, RelevanceMaps]]
"""Maps of the same sequences in the same order, by model or seed and by method."""


def compare_models(
    maps: MapsByTraining, level: str = NUCLEOTIDE, projection: str = "split"
) -> pd.DataFrame:
    """Similarity of the maps of every two models, for all pairs of their methods but ``random``.

    ``maps`` are by model and method. Returns one row a sequence, pair and metric; ``method`` names
    model and method of both: ``a:x~b:y``.
    """
    return _compare_trainings(maps, level, projection, _of_two_models)


def compare_seeds(
    maps: MapsByTraining, level: str = NUCLEOTIDE, projection: str = "split"
) -> pd.DataFrame:
    """Similarity of each method's maps on models of one kind from every two seeds.

    Low values say that maps explain one training more than the task. ``random`` is left out: it
    depends on the sequence alone. Against it, as against the other methods, each method is
    compared on its own seed.

    ``maps`` are by seed and method; tokens are the same for every seed. ``method`` names seed and
    method of both: ``seed1:x~seed2:x``.
    """
    return _compare_trainings(maps, level, projection, _of_two_seeds)


Unit = tuple[str, str]


def _of_two_models(first: Unit, second: Unit) -> bool:
    return first[0] != second[0]


def _of_two_seeds(first: Unit, second: Unit) -> bool:
    return first[0] != second[0] and first[1] == second[1]


def _compare_trainings(
    maps: MapsByTraining, level: str, projection: str, wanted: Callable[[Unit, Unit], bool]
) -> pd.DataFrame:
    stored = {
        (training, method): read
        for training, methods in maps.items()
        for method, read in methods.items()
        if method != RANDOM
    }
    pairs = [(a, b) for a, b in combinations(stored, 2) if wanted(a, b)]
    if not pairs:
        return long_form([])
    one = next(iter(stored.values()))
    lengths = one.position_counts()
    ready = {unit: comparable(read.padded(), lengths) for unit, read in stored.items()}
    named = {
        pair_name(":".join(first), ":".join(second)): (ready[first], ready[second])
        for first, second in pairs
    }
    compared = Level(name=level, ids=one.ids, lengths=lengths, maps={})
    return long_form(_compared(AXES["similarity"], compared, projection, named))
