"""Sequence logos of explanations and of motifs."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from tangermeme.plot import plot_logo

Array = npt.NDArray[np.floating]


def example_figure(
    title: str,
    one_hot: npt.NDArray[np.int8],
    maps: Mapping[str, Array],
    *,
    sites: pd.DataFrame,
    names: Mapping[str, str],
) -> Figure:
    """Maps of one sequence as logos below each other, the true sites shaded and named.

    Parameters
    ----------
    one_hot
        (4, length).
    maps
        Relevance (length,) by the text that stands beside it.
    sites
        ``start, end, strand, motif, role`` of this sequence.
    names
        Names of the motifs by matrix id.
    """
    figure = Figure(figsize=(13, 0.35 + 1.05 * len(maps)))
    panels = figure.subplots(len(maps), 1, sharex=True, squeeze=False)[:, 0]
    for panel, (label, relevance) in zip(panels, maps.items(), strict=True):
        for site in sites.itertuples():
            shade = "tab:green" if site.role == "motif" else "tab:grey"
            panel.axvspan(site.start - 0.5, site.end - 0.5, color=shade, alpha=0.18, lw=0)
        plot_logo(one_hot * relevance[None, :], ax=panel)
        panel.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9)
        panel.set_yticks([])
        panel.spines[["top", "right", "left"]].set_visible(False)
        panel.tick_params(labelsize=8)
    for site in sites.itertuples():
        text = f"{names.get(site.motif, site.motif)} {site.strand}"
        panels[0].text(
            (site.start + site.end) / 2 - 0.5,
            1.02,
            text,
            transform=panels[0].get_xaxis_transform(),
            ha="center",
            fontsize=9,
            color="tab:green" if site.role == "motif" else "dimgrey",
        )
    panels[0].set_title(title, fontsize=10, loc="left", pad=16)
    _margins(figure, len(maps), left=1.5, right=0.1, top=0.42, bottom=0.25, gap=0.12)
    return figure


def motif_figure(rows: Sequence[tuple[str, Array, str, Array | None]]) -> Figure:
    """Patterns with the matrices that match them best, a row each.

    A row is the pattern's text and mean contributions (width, 4), and its match's text and
    probabilities (4, width), None where nothing was matched.
    """
    figure = Figure(figsize=(9, 0.2 + 0.95 * len(rows)))
    panels = figure.subplots(len(rows), 2, squeeze=False)
    for panel in panels.flat:
        panel.set_axis_off()
    for (pattern, matched), (text, contributions, name, probabilities) in zip(
        panels, rows, strict=False
    ):
        plot_logo(contributions.T, ax=pattern)
        if probabilities is not None:
            information = 2.0 + (probabilities * np.log2(probabilities)).sum(axis=0)
            plot_logo(probabilities * information, ax=matched)
        pattern.set_title(text, fontsize=7, loc="left", pad=2)
        matched.set_title(name, fontsize=7, loc="left", pad=2)
    _margins(figure, len(panels), left=0.1, right=0.1, top=0.22, bottom=0.05, gap=0.3)
    return figure


def _margins(
    figure: Figure, rows: int, *, left: float, right: float, top: float, bottom: float, gap: float
) -> None:
    """Set margins and the gap between rows in inches: laying a logo out draws it a second time."""
    width, height = figure.get_size_inches()
    panel = (height - top - bottom - gap * (rows - 1)) / rows
    figure.subplots_adjust(
        left / width, bottom / height, 1 - right / width, 1 - top / height, 0.05, gap / panel
    )
