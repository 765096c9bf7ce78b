"""The table of a paper: a row a method, a column a metric, the best of each block marked."""

from collections.abc import Mapping

import pandas as pd

from dnalrp.evaluation.catalogue import Metric, axis_of, cards
from dnalrp.evaluation.comparison import is_rival
from dnalrp.evaluation.scores import where
from dnalrp.names import AVERAGE, NATIVE

MAPS = ("split", AVERAGE, NATIVE, "sum")
BLOCK = ["dataset", "model", "level", "map"]


def paper_columns() -> dict[str, Metric]:
    """Metrics that have a column in the table, by name, in the order of their axes and cards."""
    return {card.name: card for _, card in cards() if card.column is not None}


def overview(overall: pd.DataFrame, columns: Mapping[str, Metric] | None = None) -> pd.DataFrame:
    """Mean and 95 % interval of each metric, ``0.714 (0.705 to 0.722)``; the best in ``**``.

    Of the maps those that keep the sum, and that which an axis judged alone. The best mean
    of each data set, model, level and map is marked; controls and the ceiling never are, and
    nothing is where there is no choice. That a neighbour's interval overlaps does not say that it
    is as good: the table of comparisons tells.

    Parameters
    ----------
    overall
        From :func:`dnalrp.evaluation.summary.summarise_over_seeds`.
    columns
        Metrics by name, in the order wanted; absent ones are left out.
    """
    columns = paper_columns() if columns is None else columns
    rows = overall[overall["metric"].isin(columns)]
    judged_alone = rows["metric"].isin([name for name in columns if axis_of(name).one_map])
    rows = rows[rows["map"].isin({*MAPS, *rows.loc[judged_alone, "map"]})]
    rival = where(rows["method"], is_rival)
    rows = rows.assign(text=[_cell(row) for row in rows.itertuples()])
    contest = rows[rival & rows["mean"].notna()]
    sign = contest["metric"].map(lambda name: -1.0 if columns[name].better == "lower" else 1.0)
    groups = (contest["mean"] * sign).groupby([contest[key] for key in [*BLOCK, "metric"]])
    rivals, best = groups.transform("size") > 1, groups.idxmax()
    marked = set(best) & set(rivals[rivals].index)
    rows["text"] = [
        f"**{text}**" if index in marked else text for index, text in rows["text"].items()
    ]
    wide = rows.pivot(index=[*BLOCK, "method"], columns="metric", values="text").fillna("")
    present = [name for name in columns if name in wide]
    short = {name: columns[name].column for name in present}
    return wide[present].rename(columns=short).reset_index()


def _cell(row: object) -> str:
    mean, low, high = row.mean, row.low, row.high  # type: ignore[attr-defined]
    if pd.isna(mean):
        return ""
    return f"{mean:.3f}" if pd.isna(low) else f"{mean:.3f} ({low:.3f} to {high:.3f})"
