"""Figure of the ledger, from the summary table."""

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from dnalrp.evaluation.catalogue import Axis
from dnalrp.report.figures import empty_figure
from dnalrp.report.material import Material


def axis_figure(axis: Axis, material: Material) -> Figure:
    """The terms of the ledger, in the order of their cards."""
    return ledger_figure(material.summary, [card.name for card in axis.cards if card.shown])


def ledger_figure(summary: pd.DataFrame, terms: list[str]) -> Figure:
    """Where the explained output went: mean of each ledger term, per data set, model and method."""
    rows = summary[(summary["axis"] == "ledger") & summary["metric"].isin(terms)]
    if rows.empty:
        return empty_figure("no method of this run keeps a ledger")
    rows = rows.assign(explanation=rows["dataset"] + "\n" + rows["model"] + " " + rows["method"])
    figure = Figure(figsize=(9, 3.2))
    with mpl.rc_context({**sns.axes_style("whitegrid"), "font.size": 8}):
        panel = figure.subplots()
    sns.barplot(
        rows, x="explanation", y="mean", hue="metric", hue_order=terms, errorbar=None, ax=panel
    )
    panel.set(xlabel="", ylabel="mean relevance in the\nsign of the output (logits)")
    panel.legend(fontsize=7, ncols=len(terms), loc="upper center", bbox_to_anchor=(0.5, 1.16))
    panel.tick_params(labelsize=7)
    figure.tight_layout()
    return figure
