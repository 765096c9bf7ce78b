"""The table of a paper: a row a method, a column a metric, the best of each block marked."""

from collections.abc import Mapping, Sequence

import pandas as pd

from dnalrp.settings import RANDOMISED

COLUMNS: dict[str, Sequence[str]] = {
    "auroc": ("localisation", "AUROC"),
    "auprc": ("localisation", "AUPRC"),
    "mass_accuracy": ("localisation", "mass"),
    "auroc_of_ceiling": ("localisation", "AUROC of ceiling"),
    "gini": ("sparsity", "Gini"),
    "entropy": ("complexity", "entropy"),
    "normalised": ("faithfulness", "normalised"),
    "rank_agreement": ("logic", "rank agreement"),
}
MAPS = ("split", "average", "native", "sum")
LOWER_IS_BETTER = ("entropy", "effective_size")
BLOCK = ["dataset", "model", "level", "map"]
CONTROLS = ("random", "ceiling", "best order")


def overview(overall: pd.DataFrame, columns: Mapping[str, Sequence[str]] = COLUMNS) -> pd.DataFrame:
    """Mean and 95 % interval of each metric, ``0.714 (0.705 to 0.722)``; the best in ``**``.

    Of the maps those that keep the sum, and that which faithfulness was judged on. The best mean
    of each data set, model, level and map is marked; controls and the ceiling never are, and
    nothing is where there is no choice. That a neighbour's interval overlaps does not say that it
    is as good: the table of comparisons tells.

    Parameters
    ----------
    overall
        From :func:`dnalrp.evaluation.summary.summarise_over_seeds`.
    columns
        Metric to its axis and short name, in the order wanted; absent ones are left out.
    """
    maps = {*MAPS, *overall.loc[overall["metric"] == "normalised", "map"]}
    rows = overall[overall["metric"].isin(columns) & overall["map"].isin(maps)]
    control = rows["method"].isin(CONTROLS) | rows["method"].str.endswith(RANDOMISED)
    rows = rows.assign(text=[_cell(row) for row in rows.itertuples()])
    contest = rows[~control & rows["mean"].notna()]
    sign = contest["metric"].map(lambda name: -1.0 if name in LOWER_IS_BETTER else 1.0)
    groups = (contest["mean"] * sign).groupby([contest[key] for key in [*BLOCK, "metric"]])
    rivals, best = groups.transform("size") > 1, groups.idxmax()
    marked = set(best) & set(rivals[rivals].index)
    rows["text"] = [
        f"**{text}**" if index in marked else text for index, text in rows["text"].items()
    ]
    wide = rows.pivot(index=[*BLOCK, "method"], columns="metric", values="text").fillna("")
    present = [name for name in columns if name in wide]
    return wide[present].rename(columns={name: columns[name][1] for name in present}).reset_index()


def _cell(row: object) -> str:
    mean, low, high = row.mean, row.low, row.high  # type: ignore[attr-defined]
    if pd.isna(mean):
        return ""
    return f"{mean:.3f}" if pd.isna(low) else f"{mean:.3f} ({low:.3f} to {high:.3f})"
