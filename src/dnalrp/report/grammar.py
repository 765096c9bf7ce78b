"""Figure of how localisation and logic can disagree, from the summary table."""

from collections.abc import Mapping
from itertools import cycle

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dnalrp.evaluation.catalogue import Axis
from dnalrp.evaluation.configuration import grammar_of
from dnalrp.report.figures import empty_figure
from dnalrp.report.material import Material

KEYS = ["dataset", "model", "method", "seed"]
MARKERS = "osD^vPX*<>ph8d"
COLUMNS = 3


def axis_figure(axis: Axis, material: Material) -> Figure:
    """Localisation against the metric that the axis shows, of data sets that follow a grammar."""
    shown = next(card.name for card in axis.cards if card.shown)
    grammars = {name: grammar_of(data) for name, data in material.settings["datasets"].items()}
    return logic_figure(
        material.summary, {name: grammar for name, grammar in grammars.items() if grammar}, shown
    )


def logic_figure(
    summary: pd.DataFrame, grammars: Mapping[str, str], metric: str = "rank_agreement"
) -> Figure:
    """Localisation (AUROC) against a metric of logic, with 95 % intervals: a panel a data set.

    A point is a model, by its colour, and a method, by its mark, of one seed. Dotted lines are
    the chance levels. Maps that find the motifs lie to the right, maps that follow the grammar lie
    high: to the right and low are those that see the motifs and not what they do.

    Parameters
    ----------
    summary
        As :func:`dnalrp.evaluation.summary.summarise` makes it; the ``split`` maps are shown.
    grammars
        Grammar by data set, for the titles; other data sets are left out.
    """
    wanted = summary[(summary["map"] == "split") & summary["dataset"].isin(grammars.keys())]
    sides = [
        wanted[(wanted["axis"] == axis) & (wanted["metric"] == name)]
        for axis, name in (("localisation", "auroc"), ("logic", metric))
    ]
    points = sides[0].merge(sides[1], on=KEYS, suffixes=("_x", "_y"))
    if points.empty:
        return empty_figure("no data set of this run follows a grammar")
    colours = dict(zip(sorted(points["model"].unique()), cycle(sns.color_palette()), strict=False))
    marks = dict(zip(sorted(points["method"].unique()), cycle(MARKERS), strict=False))
    datasets = list(points["dataset"].unique())
    rows, columns = -(-len(datasets) // COLUMNS), min(COLUMNS, len(datasets))
    figure = Figure(figsize=(1.9 + 2.5 * columns, 0.6 + 2.4 * rows))
    with mpl.rc_context({**sns.axes_style("whitegrid"), "font.size": 8}):
        panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for panel, dataset in zip(panels.flat, datasets, strict=False):
        _draw(panel, points[points["dataset"] == dataset], colours, marks)
        grammar = grammars[dataset]
        title = grammar if dataset == grammar else f"{dataset}: {grammar}"
        panel.set_title(title, fontsize=8, fontweight="bold")
    for panel in panels.flat[len(datasets) :]:
        panel.set_visible(False)
    for panel in panels[:, 0]:
        panel.set_ylabel(f"logic, {metric.replace('_', ' ')}", fontsize=8)
    for panel in panels.flat[max(0, len(datasets) - columns) : len(datasets)]:
        panel.set_xlabel("localisation, AUROC", fontsize=8)
        panel.tick_params(labelbottom=True)
    _explain(figure, colours, marks)
    figure.tight_layout(rect=(0, 0, 1 - 1.6 / figure.get_figwidth(), 1))
    return figure


def _draw(
    panel: Axes,
    points: pd.DataFrame,
    colours: Mapping[str, tuple[float, float, float]],
    marks: Mapping[str, str],
) -> None:
    for point in points.itertuples():
        colour = colours[point.model]
        panel.plot([point.low_x, point.high_x], [point.mean_y] * 2, color=colour, lw=1)
        panel.plot([point.mean_x] * 2, [point.low_y, point.high_y], color=colour, lw=1)
        panel.plot([point.mean_x], [point.mean_y], marks[point.method], color=colour, ms=5)
    panel.axvline(points["chance_x"].mean(), color="grey", ls=":", lw=1)
    panel.axhline(points["chance_y"].mean(), color="grey", ls=":", lw=1)
    panel.tick_params(labelsize=7)


def _explain(
    figure: Figure, colours: Mapping[str, tuple[float, float, float]], marks: Mapping[str, str]
) -> None:
    """Legend to the right of all panels: colours are models, marks are methods."""
    line = mpl.lines.Line2D
    shown = [line([], [], color=colour, lw=3, label=model) for model, colour in colours.items()]
    shown += [
        line([], [], color="black", ls="", marker=mark, ms=5, label=method.replace("_", " "))
        for method, mark in marks.items()
    ]
    figure.legend(handles=shown, loc="center right", fontsize=7, frameon=False)
