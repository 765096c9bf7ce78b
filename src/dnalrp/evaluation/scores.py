"""Values of metrics, and the long form that all of them are kept in."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

COLUMNS = ["method", "level", "map", "axis", "metric", "id", "value", "chance"]


class Scores(NamedTuple):
    """Values of one metric for one map of many sequences; ``chance`` is one number or one each."""

    method: str
    level: str
    map: str
    axis: str
    metric: str
    ids: Sequence[str]
    values: npt.NDArray[np.floating]
    chance: npt.NDArray[np.floating] | float = np.nan


def where(column: pd.Series, holds: Callable[[str], bool]) -> pd.Series:
    """Which rows hold a name of which something holds: true or false, also of no rows."""
    return pd.Series([holds(name) for name in column], index=column.index, dtype=bool)


def long_form(scores: Iterable[Scores]) -> pd.DataFrame:
    """One row a sequence, map and metric: the columns COLUMNS."""
    scores = list(scores)
    if not scores:
        kinds = dict.fromkeys(COLUMNS, "str") | {"value": "float64", "chance": "float64"}
        return pd.DataFrame({name: [] for name in COLUMNS}).astype(kinds)
    counts = [len(score.ids) for score in scores]
    columns: dict[str, object] = {}
    for name in ("method", "level", "map", "axis", "metric"):
        names = np.array([getattr(score, name) for score in scores], dtype=object)
        codes, known = pd.factorize(names)
        columns[name] = pd.array(known, dtype="str").take(np.repeat(codes, counts))
    columns["id"] = np.concatenate([np.asarray(score.ids, dtype=object) for score in scores])
    columns["value"] = np.concatenate([np.asarray(score.values, dtype=float) for score in scores])
    columns["chance"] = np.concatenate(
        [np.broadcast_to(np.asarray(s.chance, dtype=float), len(s.ids)) for s in scores]
    )
    return pd.DataFrame(columns)[COLUMNS]
