"""How alike two maps of one sequence are; 1 for equal maps. Both are (n,)."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from dnalrp.attribution.storage import NucleotideMaps

VALUE_COLUMNS = ["method", "level", "map", "axis", "metric", "id", "value", "chance"]
Array = npt.NDArray[np.floating]


def cosine(first: Array, second: Array) -> float:
    """Cosine of the angle between two maps; chance level 0. NaN if either is zero."""
    norm = np.linalg.norm(first) * np.linalg.norm(second)
    return float(first @ second / norm) if norm > 0 else float("nan")


def spearman(first: Array, second: Array) -> float:
    """Rank correlation with mean ranks for ties; chance level 0. NaN if either is constant."""
    a, b = (rankdata(x) - (len(x) + 1) / 2 for x in (first, second))
    return cosine(a, b)


def jaccard(first: Array, second: Array, share: float = 0.1) -> float:
    """Overlap over union of the positions of highest relevance, ``share`` of all in each map.

    Ties at the border are cut by position. Chance level share / (2 - share), about 0.05.
    """
    count = max(1, round(share * len(first)))
    a, b = (set(np.argsort(-x, kind="stable")[:count]) for x in (first, second))
    return len(a & b) / len(a | b)


METRICS = {"cosine": cosine, "spearman": spearman, "jaccard": jaccard}


def compare_models(maps: Mapping[str, Mapping[str, NucleotideMaps]]) -> pd.DataFrame:
    """Similarity of the maps of every two models, for all pairs of their methods but ``random``.

    ``maps`` are by model and method, of the same sequences in the same order. Returns one row a
    sequence, pair and metric; ``method`` names model and method of both: ``a:x~b:y``.
    """
    rows: list[tuple[object, ...]] = []
    for first, second in combinations(maps, 2):
        pairs = [(a, b) for a in maps[first] for b in maps[second] if "random" not in (a, b)]
        for a, b in pairs:
            one, other = maps[first][a], maps[second][b]
            for row, (name, length) in enumerate(zip(one.ids, one.lengths, strict=True)):
                x, y = one.relevance[row, :length], other.relevance[row, :length]
                for metric, score in METRICS.items():
                    pair = f"{first}:{a}~{second}:{b}"
                    rows.append((pair, "nucleotide", "split", "similarity", metric, name))
                    rows[-1] += (score(x, y), np.nan)
    return pd.DataFrame(rows, columns=VALUE_COLUMNS)
