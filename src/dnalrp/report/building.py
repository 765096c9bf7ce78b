"""The report of a finished run: figures, one page, and a manifest of what made them."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from dnalrp.catalogue import resolve
from dnalrp.data.jaspar import fetch_motifs
from dnalrp.evaluation.catalogue import AXES, axis_columns
from dnalrp.evaluation.configuration import value_of
from dnalrp.provenance import provenance, written_whole
from dnalrp.report.conclusions import conclude
from dnalrp.report.examples import example_pictures
from dnalrp.report.figures import save
from dnalrp.report.material import Material
from dnalrp.report.motifs import matched_matrices, motif_pictures, without_patterns
from dnalrp.report.overview import overview
from dnalrp.report.page import Page, Section, picture, table, write_pictures
from dnalrp.results import TABLES, Results
from dnalrp.settings.reading import GivenSettings

FIGURES = {
    "means": "dnalrp.report.figures:axis_figure",
    "similarity": "dnalrp.report.similarity:axis_figure",
    "ledger": "dnalrp.report.ledger:axis_figure",
    "positional": "dnalrp.report.positional:axis_figure",
    "logic": "dnalrp.report.grammar:axis_figure",
}
"""What draws an axis, by kind: said here, so that a change of a figure draws again and judges
nothing again."""


def build_report(
    results: str | Path,
    *,
    runs: Sequence[str],
    datasets: Sequence[str],
    settings: GivenSettings,
    figures: Sequence[str | Path],
    page_path: str | Path,
    manifest: str | Path,
    pictures: str | Path,
    inputs: Iterable[str | Path],
) -> None:
    """Write the report of a results folder.

    Parameters
    ----------
    results
        Folder with ``metrics.tsv`` and the other tables, and what they sum up.
    runs
        ``dataset/model/seed``.
    settings
        The whole configuration of the run.
    figures
        Paths to write, each named after its axis.
    pictures
        Folder for the examples and the motifs of the page, a PNG file each.
    inputs
        Files read, for the manifest.
    """
    results = Path(results)
    read = {name: pd.read_csv(Results(results).table(name), sep="\t") for name in TABLES}
    summary = _by_axis(read["metrics"])
    material = Material(summary, results, runs, settings)
    sections = [_section(Path(path), material) for path in figures]
    shown = matched_matrices(results, runs)
    for dataset in datasets:
        shown |= set(pd.read_parquet(Results(results).sites(dataset))["motif"])
    motifs = fetch_motifs(sorted(shown), settings["jaspar"])
    matrices = {motif.matrix_id: motif for motif in motifs}
    motif_groups = motif_pictures(results, runs, matrices)
    examples = example_pictures(results, runs, settings["report"]["examples"], matrices)
    record = provenance("report", {"config": settings}, inputs)
    performance = read["performance"]
    tables = (performance, read["overall"], read["comparisons"], read["controls"])
    page = Page(
        performance=table(performance[performance["split"] == "test"].drop(columns="split")),
        recovery=table(read["recovery"]),
        summary=table(summary),
        conclusions=conclude(*tables),
        overview=table(overview(read["overall"])),
        comparisons=table(read["comparisons"]),
        controls=table(read["controls"]),
        motif_groups=motif_groups,
        sections=sections,
        examples=examples,
    )
    context = _context(settings, datasets) | {
        "without_patterns": without_patterns(results, runs),
        "versions": record["versions"],
    }
    write_pictures({"example": examples, "motifs": motif_groups}, pictures)
    with written_whole(page_path) as beside:
        beside.write_text(page.rendered(context), encoding="utf-8")
    with written_whole(manifest) as beside:
        beside.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _by_axis(summary: pd.DataFrame) -> pd.DataFrame:
    """The summary with the name of its axis in every row: some axes have several columns."""
    names = {column: axis.name for column, axis in axis_columns().items()}
    return summary.assign(axis=summary["axis"].map(lambda column: names.get(column, column)))


def _context(settings: GivenSettings, datasets: Sequence[str]) -> dict[str, Any]:
    """What the page says of the run's settings."""
    return {
        "splits": settings["attribute"]["splits"],
        "datasets": datasets,
        "one_label": next((name for name in datasets if "." in name), None),
        "p_value": settings["motifs"]["p_value"],
        "q_value": settings["motifs"].get("q_value", 0.05),
        "motif_map": settings["motifs"]["map"],
        "faithfulness_map": settings["evaluate"]["faithfulness"]["map"],
        "min_information": settings["motifs"]["min_information"],
        "settings": yaml.safe_dump(settings, sort_keys=False),
    }


def _section(path: Path, material: Material) -> Section:
    """Section of the page of the axis that the figure written to ``path`` is named after."""
    axis = AXES.named(path.stem)
    draw = FIGURES.get(axis.figure, axis.figure) if isinstance(axis.figure, str) else axis.figure
    figure = resolve(draw)(axis, material)
    save(figure, path)
    settings = axis.read_settings(value_of(material.settings["evaluate"], axis.name))
    image = picture(axis.name, figure).image
    return Section(axis.name.capitalize(), axis.note_for(settings), image)
