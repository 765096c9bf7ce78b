"""Figures of the summary table: a point and an interval for each model and method."""

from itertools import cycle
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from dnalrp.settings import BETWEEN_MODELS

ALL_RANDOMISED = "randomised_all"
TITLES = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "mass_accuracy": "relevance mass\naccuracy",
    "rank_accuracy": "relevance rank\naccuracy",
    "pointing_game": "pointing game",
    "gini": "Gini index\n(higher: sparser)",
    "entropy": "entropy / log n\n(lower: simpler)",
    "effective_size": "share that holds 90 %\n(lower: simpler)",
    "lerf_minus_morf": "LeRF - MoRF, mean gap\n(higher: more faithful)",
    "normalised": "normalised\n(random 0, best order 1)",
    "comprehensiveness": "comprehensiveness\n(higher: more faithful)",
    "sufficiency": "sufficiency\n(lower: more faithful)",
    "reverse_complement": "reverse complement\n(higher: steadier)",
    "shift": "shift by one base\n(higher: steadier)",
    "randomised_1_classifier": "classifier permuted\n(lower: better)",
    ALL_RANDOMISED: "all parameters permuted\n(lower: better)",
    "morf_output": "output, most relevant\nreplaced first",
    "lerf_output": "output, least relevant\nreplaced first",
    "cosine": "cosine",
    "spearman": "Spearman",
    "jaccard": "Jaccard of top 10 %",
}
LEDGER = ("words", "linear_bias", "layernorm_bias", "token_type", "alibi", "softmax", "position")


def metric_figure(summary: pd.DataFrame, axis: str, metrics: tuple[str, ...]) -> Figure:
    """Means with 95 % intervals of the ``split`` maps: a row a data set, a column a metric.

    Of faithfulness it is the one map of each method that was judged; it is named where it is
    another than ``split``. Methods stand below each other, coloured by model, a point a seed; the
    dotted line is the chance level of each, the mean over its sequences, where one is defined.
    """
    rows = summary[(summary["axis"] == axis) & summary["metric"].isin(metrics)].copy()
    shown = (axis == "faithfulness") & (rows["level"] == "nucleotide")
    rows = rows[shown | (rows["map"] == "split")]
    between = rows["model"] == BETWEEN_MODELS
    rows["explanation"] = (rows["model"] + " " + rows["method"]).where(~between, rows["method"])
    rows["explanation"] += (", " + rows["map"]).mask(rows["map"] == "split", "")
    if rows.empty:
        return _empty_figure("nothing to show: this needs more models, more methods or true sites")
    order = sorted(rows["explanation"].unique())
    colours = dict(zip(sorted(rows["model"].unique()), cycle(sns.color_palette()), strict=False))
    datasets, seeds = list(rows["dataset"].unique()), list(rows["seed"].unique())
    offsets = {seed: 0.5 * (i + 0.5) / len(seeds) - 0.25 for i, seed in enumerate(seeds)}
    figure = Figure(figsize=(2.4 + 2.5 * len(metrics), 1.0 + 0.28 * len(order) * len(datasets)))
    with mpl.rc_context({**sns.axes_style("whitegrid"), "font.size": 8}):
        axes = figure.subplots(
            len(datasets), len(metrics), squeeze=False, sharey="row", sharex="col"
        )
    for row, dataset in enumerate(datasets):
        for column, metric in enumerate(metrics):
            panel = axes[row, column]
            own = rows[(rows["dataset"] == dataset) & (rows["metric"] == metric)]
            for item in own.itertuples():
                place = order.index(item.explanation) + offsets[item.seed]
                panel.plot([item.low, item.high], [place, place], color=colours[item.model], lw=1.5)
                panel.plot([item.mean], [place], "o", color=colours[item.model], ms=4)
            levels = own.dropna(subset="chance").groupby("explanation")["chance"].mean()
            rows_of = [order.index(name) for name in levels.index]
            for place, level in zip(rows_of, levels, strict=True):
                panel.plot([level] * 2, [place - 0.5, place + 0.5], color="grey", ls=":", lw=1)
            panel.set_yticks(range(len(order)), order)
            panel.set_ylim(len(order) - 0.5, -0.5)
            if row == 0:
                panel.set_title(TITLES.get(metric, metric), fontsize=8)
            if column == 0:
                panel.set_ylabel(dataset, fontsize=9, fontweight="bold")
            panel.tick_params(labelsize=7)
    figure.tight_layout()
    return figure


def _empty_figure(text: str) -> Figure:
    figure = Figure(figsize=(6, 0.6))
    figure.text(0.02, 0.5, text, va="center", fontsize=9)
    return figure


def ledger_figure(summary: pd.DataFrame) -> Figure:
    """Where the explained output went: mean of each ledger term, per data set, model and method."""
    rows = summary[(summary["axis"] == "ledger") & summary["metric"].isin(LEDGER)]
    if rows.empty:
        return _empty_figure("no method of this run keeps a ledger")
    rows = rows.assign(explanation=rows["dataset"] + "\n" + rows["model"] + " " + rows["method"])
    figure = Figure(figsize=(9, 3.2))
    with mpl.rc_context({**sns.axes_style("whitegrid"), "font.size": 8}):
        panel = figure.subplots()
    sns.barplot(
        rows, x="explanation", y="mean", hue="metric", hue_order=LEDGER, errorbar=None, ax=panel
    )
    panel.set(xlabel="", ylabel="mean relevance in the\nsign of the output (logits)")
    panel.legend(fontsize=7, ncols=len(LEDGER), loc="upper center", bbox_to_anchor=(0.5, 1.16))
    panel.tick_params(labelsize=7)
    figure.tight_layout()
    return figure


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG, without a date, so that equal tables give equal files."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130, metadata={"Software": None})
