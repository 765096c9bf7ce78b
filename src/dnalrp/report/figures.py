"""Figures of the summary table: a point and an interval for each model and method."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dnalrp.evaluation.catalogue import Axis, Metric, metric_of
from dnalrp.names import BETWEEN_MODELS
from dnalrp.report.material import Material


def axis_figure(axis: Axis, material: Material) -> Figure:
    """Means with intervals of the metrics that an axis shows."""
    return metric_figure(material.summary, axis, [card for card in axis.cards if card.shown])


def metric_figure(summary: pd.DataFrame, axis: Axis, shown: Sequence[Metric]) -> Figure:
    """Means with 95 % intervals of the ``split`` maps: a row a data set, a column a metric.

    Where the axis judges one map of each method it is that one; it is named where it is
    another than ``split``. Methods stand below each other, coloured by model, a point a seed; the
    dotted line is the chance level of each, the mean over its sequences, where one is defined.
    """
    rows = _shown_rows(summary, axis, shown)
    if rows.empty:
        return empty_figure("nothing to show: this needs more models, more methods or true sites")
    order = sorted(rows["explanation"].unique())
    colours = dict(zip(sorted(rows["model"].unique()), cycle(sns.color_palette()), strict=False))
    datasets, seeds = list(rows["dataset"].unique()), list(rows["seed"].unique())
    offsets = {seed: 0.5 * (i + 0.5) / len(seeds) - 0.25 for i, seed in enumerate(seeds)}
    figure = Figure(figsize=(2.4 + 2.5 * len(shown), 1.0 + 0.28 * len(order) * len(datasets)))
    with mpl.rc_context({**sns.axes_style("whitegrid"), "font.size": 8}):
        panels = figure.subplots(
            len(datasets), len(shown), squeeze=False, sharey="row", sharex="col"
        )
    for row, dataset in enumerate(datasets):
        for column, card in enumerate(shown):
            panel = panels[row, column]
            points = rows[(rows["dataset"] == dataset) & (rows["metric"] == card.name)]
            heights = {name: height for height, name in enumerate(order)}
            _draw(panel, points, heights, offsets, colours=colours)
            if row == 0:
                panel.set_title(card.title or card.name, fontsize=8)
            if column == 0:
                panel.set_ylabel(dataset, fontsize=9, fontweight="bold")
            panel.tick_params(labelsize=7)
    figure.tight_layout()
    return figure


def _shown_rows(summary: pd.DataFrame, axis: Axis, shown: Sequence[Metric]) -> pd.DataFrame:
    """Rows of a figure, with the name of the card in place of what it stands for."""
    rows = summary[summary["axis"] == axis.name]
    names = {name: metric_of(name).name for name in rows["metric"].unique()}
    rows = rows.assign(metric=rows["metric"].map(names))
    rows = rows[rows["metric"].isin([card.name for card in shown])].copy()
    judged = (rows["level"] == "nucleotide") & axis.one_map
    rows = rows[judged | (rows["map"] == "split")]
    between = rows["model"] == BETWEEN_MODELS
    rows["explanation"] = (rows["model"] + " " + rows["method"]).where(~between, rows["method"])
    rows["explanation"] += (", " + rows["map"]).mask(rows["map"] == "split", "")
    return rows


def _draw(
    panel: Axes,
    points: pd.DataFrame,
    heights: Mapping[str, int],
    offsets: Mapping[str, float],
    *,
    colours: Mapping[str, tuple[float, float, float]],
) -> None:
    for point in points.itertuples():
        height = heights[point.explanation] + offsets[point.seed]
        colour = colours[point.model]
        panel.plot([point.low, point.high], [height, height], color=colour, lw=1.5)
        panel.plot([point.mean], [height], "o", color=colour, ms=4)
    levels = points.dropna(subset="chance").groupby("explanation")["chance"].mean()
    for name, level in levels.items():
        height = heights[name]
        panel.plot([level] * 2, [height - 0.5, height + 0.5], color="grey", ls=":", lw=1)
    panel.set_yticks(range(len(heights)), list(heights))
    panel.set_ylim(len(heights) - 0.5, -0.5)


def empty_figure(text: str) -> Figure:
    """A line of text in place of a figure that has nothing to show."""
    figure = Figure(figsize=(6, 0.6))
    figure.text(0.02, 0.5, text, va="center", fontsize=9)
    return figure


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG, without a date, so that equal tables give equal files."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130, metadata={"Software": None})
