"""The report of a finished run: figures, one page, and a manifest of what made them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from dnalrp.data.jaspar import fetch_motifs
from dnalrp.provenance import provenance, written_whole
from dnalrp.report.examples import example_pictures
from dnalrp.report.figures import ledger_figure, metric_figure, save
from dnalrp.report.motifs import matched_matrices, motif_pictures
from dnalrp.report.page import Section, picture, render, table

NOTES = {
    "localisation": "Does relevance lie on the true sites? Points: means of the split maps, with "
    "95 % intervals; dotted: chance. 'ceiling' is the truth seen through the model's tokens: no "
    "order of them ranks better (mass accuracy alone can exceed it). Sequences without a true "
    "site are left out; those of class 0 count in their own sign.",
    "concentration": "Few nucleotides, or many? The random map shows what noise would score on "
    "the same tokens; token maps are smooth by construction, so compare within a model.",
    "faithfulness": "Nucleotides are replaced by background, the most relevant first (MoRF) or "
    "the least (LeRF), the sequence tokenised anew. Outputs are margins of the class that the "
    "model calls: their units are each model's own, so never compare them between models.",
    "similarity": "How alike are the maps of two methods, or of two models?",
    "ledger": "AttnLRP and LRP account for the whole explained output: what reached the words, "
    "and what biases, the token type, ALiBi and the softmax kept. Means over sequences, each in "
    "the sign of its output.",
}
METRICS = {
    "localisation": ("auroc", "auprc", "mass_accuracy", "rank_accuracy", "pointing_game"),
    "concentration": ("gini", "entropy", "effective_size"),
    "faithfulness": ("lerf_minus_morf", "morf_output", "lerf_output"),
    "similarity": ("cosine", "spearman", "jaccard"),
}


def build_report(
    results: str | Path,
    runs: Sequence[str],
    datasets: Sequence[str],
    settings: Mapping[str, Any],
    figures: Sequence[str | Path],
    page_path: str | Path,
    manifest: str | Path,
    inputs: Sequence[str | Path],
) -> None:
    """Write the report of a results folder.

    Parameters
    ----------
    results
        Folder with ``metrics.tsv``, ``performance.tsv``, ``recovery.tsv`` and what they sum up.
    runs
        ``dataset/model/seed``.
    settings
        The whole configuration of the run.
    figures
        Paths to write, each named after its axis.
    inputs
        Files read, for the manifest.
    """
    results = Path(results)
    summary = pd.read_csv(results / "metrics.tsv", sep="\t")
    summary["axis"] = summary["axis"].replace(
        {"sparsity": "concentration", "complexity": "concentration"}
    )
    performance = pd.read_csv(results / "performance.tsv", sep="\t")
    recovery = pd.read_csv(results / "recovery.tsv", sep="\t")
    sections = []
    for path in map(Path, figures):
        axis = path.stem
        figure = (
            ledger_figure(summary)
            if axis == "ledger"
            else metric_figure(summary, axis, METRICS[axis])
        )
        save(figure, path)
        sections.append(Section(axis.capitalize(), NOTES[axis], picture(axis, figure).image))
    shown = matched_matrices(results, runs)
    for dataset in datasets:
        shown |= set(pd.read_parquet(results / "data" / dataset / "sites.parquet")["motif"])
    motifs = fetch_motifs(sorted(shown), settings["jaspar"])
    matrices = {motif.matrix_id: motif for motif in motifs}
    record = provenance("report", {"config": settings}, inputs)
    page = render(
        table(performance[performance["split"] == "test"].drop(columns="split")),
        table(recovery),
        table(summary),
        motif_pictures(results, runs, matrices),
        sections,
        example_pictures(results, runs, settings["report"]["examples"], matrices),
        {
            "splits": settings["attribute"]["splits"],
            "datasets": datasets,
            "p_value": settings["motifs"]["p_value"],
            "min_information": settings["motifs"]["min_information"],
            "versions": record["versions"],
            "settings": yaml.safe_dump(settings, sort_keys=False),
        },
    )
    with written_whole(page_path) as beside:
        beside.write_text(page, encoding="utf-8")
    with written_whole(manifest) as beside:
        beside.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
