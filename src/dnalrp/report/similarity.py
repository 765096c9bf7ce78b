"""Heat maps: how alike are the maps of all methods and models, and of one method's seeds?"""

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from dnalrp.evaluation.catalogue import Axis
from dnalrp.evaluation.scores import where
from dnalrp.names import BETWEEN_MODELS, PAIR, is_pair
from dnalrp.report.figures import empty_figure
from dnalrp.report.material import Material


def similarity_table(summary: pd.DataFrame, metric: str = "spearman") -> pd.DataFrame:
    """Mean similarity of every two explanations of each data set, over seeds.

    Parameters
    ----------
    summary
        Rows of ``metrics.tsv``: in axis ``similarity``, ``method`` names a pair, ``a~b`` of one
        model, ``m:a~n:b`` where ``model`` is ``between_models``, or ``seed1:a~seed2:a`` where
        ``seed`` is ``between_seeds``.

    Returns
    -------
    pandas.DataFrame
        ``dataset, level, map, first, second, mean``: explanations as ``model method``. Where both
        are the same, the mean is over pairs of seeds.
    """
    rows = summary[(summary["axis"] == "similarity") & (summary["metric"] == metric)]
    rows = rows[where(rows["method"], is_pair)]
    pairs = [rows["method"].str.split(PAIR).str[side] for side in (0, 1)]
    named = pd.DataFrame(
        {
            "dataset": rows["dataset"],
            "level": rows["level"],
            "map": rows["map"],
            "first": _named(rows["model"], pairs[0]),
            "second": _named(rows["model"], pairs[1]),
            "mean": rows["mean"],
        }
    )
    keys = ["dataset", "level", "map", "first", "second"]
    return named.groupby(keys, sort=False, as_index=False)["mean"].mean()


def _named(models: pd.Series, methods: pd.Series) -> list[str]:
    """Model and method: the method names its model between models, and a seed between seeds."""
    return [
        method.replace(":", " ") if model == BETWEEN_MODELS else f"{model} {method.split(':')[-1]}"
        for model, method in zip(models, methods, strict=True)
    ]


def axis_figure(axis: Axis, material: Material) -> Figure:
    """Heat maps of the metric that the axis shows."""
    shown = next(card.name for card in axis.cards if card.shown)
    return similarity_figure(material.summary, shown)


def similarity_figure(summary: pd.DataFrame, metric: str = "spearman") -> Figure:
    """A symmetric heat map a data set, ``split`` maps; blank where two were not compared.

    On the diagonal is how alike a method's maps are on models of two seeds, or, where that was not
    compared, 1.
    """
    table = similarity_table(summary[summary["map"] == "split"], metric)
    datasets = list(table["dataset"].unique())
    if not datasets:
        return empty_figure("nothing to show: this needs more models or methods")
    squares = [_square(table[table["dataset"] == dataset]) for dataset in datasets]
    side = 2.3 + 0.35 * max(map(len, squares))  # inches: labels, and a cell each
    columns = max(1, min(len(datasets), int(11 / (side + 0.8))))  # as wide as the page
    rows = -(-len(datasets) // columns)
    figure = Figure(figsize=(columns * (side + 0.8), rows * side))
    with mpl.rc_context({"font.size": 7}):
        panels = figure.subplots(rows, columns, squeeze=False).flat
    for panel, dataset, square in zip(panels, datasets, squares, strict=False):
        sns.heatmap(
            square, vmin=-1, vmax=1, cmap="vlag", annot=True, fmt=".2f", square=True, cbar=False,
            annot_kws={"size": 6}, xticklabels=True, yticklabels=True, ax=panel,
        )  # fmt: skip
        panel.set(xlabel="", ylabel="")
        panel.set_title(dataset, fontsize=9)
        panel.tick_params(labelsize=7)
    for panel in [*panels][len(datasets) :]:
        panel.set_axis_off()
    figure.tight_layout()
    return figure


def _square(pairs: pd.DataFrame) -> pd.DataFrame:
    names = sorted({*pairs["first"], *pairs["second"]})
    square = pd.DataFrame(np.nan, index=names, columns=names)
    for row in pairs.itertuples():
        square.loc[row.first, row.second] = square.loc[row.second, row.first] = row.mean
    values = square.to_numpy(copy=True)
    diagonal = np.einsum("ii->i", values)
    diagonal[np.isnan(diagonal)] = 1.0
    return pd.DataFrame(values, index=names, columns=names)
