"""Figure of ALiBi's relevance: which distances, which heads carried the decision."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.figure import Figure

from dnalrp.attribution.storage import read_attributions
from dnalrp.evaluation.catalogue import Axis
from dnalrp.report.figures import empty_figure
from dnalrp.report.material import Material
from dnalrp.results import Results, Run

MOST_DISTANCES = 40


def axis_figure(axis: Axis, material: Material) -> Figure:
    """Positional relevance of every run that has some."""
    return positional_figure(material.results, material.runs)


def positional_figure(results: str | Path, runs: Sequence[str]) -> Figure:
    """A heat map a run: rows are layers and heads, columns distances in tokens.

    Mean over sequences of B * g, the bias times its gradient under the AttnLRP rules, in the sign
    of the explained output; distance 0 has no bias and is left out.

    Parameters
    ----------
    results
        Folder with ``attributions/{run}/attnlrp.h5``.
    runs
        ``dataset/model/seed``; those without positional relevance are left out.
    """
    by_run = {}
    for run in runs:
        path = Results(results).attribution_file(Run.of(run), "attnlrp")
        if path.is_file() and (positional := read_attributions(path).positional) is not None:
            by_run[run] = positional
    if not by_run:
        return empty_figure("no AttnLRP maps with positional relevance in this run")
    figure = Figure(figsize=(7.5, 0.5 + 2.6 * len(by_run)))
    with mpl.rc_context({"font.size": 7}):
        panels = figure.subplots(len(by_run), 1, squeeze=False)[:, 0]
    for panel, (run, positional) in zip(panels, by_run.items(), strict=True):
        layers, heads = positional.shape[:2]
        shown = positional[:, :, 1 : 1 + MOST_DISTANCES].reshape(layers * heads, -1)
        limit = float(np.abs(shown).max()) or 1.0
        names = [f"layer {i + 1}, head {h + 1}" for i in range(layers) for h in range(heads)]
        step = max(1, len(names) // 24)
        sns.heatmap(
            shown, cmap="vlag", vmin=-limit, vmax=limit, yticklabels=step, xticklabels=5, ax=panel,
            cbar_kws={"label": "relevance (logits)"},
        )  # fmt: skip
        panel.set_yticks(np.arange(0, len(names), step) + 0.5, names[::step], rotation=0)
        ticks = np.arange(4, shown.shape[1], 5)
        panel.set_xticks(ticks + 0.5, ticks + 1, rotation=0)
        panel.set(xlabel="distance in tokens", ylabel="")
        panel.set_title(run, fontsize=8, fontweight="bold")
        panel.tick_params(labelsize=6)
    figure.tight_layout()
    return figure
