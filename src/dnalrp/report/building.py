"""The report of a finished run: figures, one page, and a manifest of what made them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from matplotlib.figure import Figure

from dnalrp.data.jaspar import fetch_motifs
from dnalrp.provenance import provenance, written_whole
from dnalrp.report.conclusions import conclude
from dnalrp.report.examples import example_pictures
from dnalrp.report.figures import ALL_RANDOMISED, ledger_figure, metric_figure, save
from dnalrp.report.grammar import logic_figure
from dnalrp.report.motifs import matched_matrices, motif_pictures, without_patterns
from dnalrp.report.overview import overview
from dnalrp.report.page import Section, picture, render, table, write_pictures
from dnalrp.report.positional import positional_figure
from dnalrp.report.sections import TABLES
from dnalrp.report.similarity import similarity_figure

NOTES = {
    "localisation": "Does relevance lie on the true sites? Points: means of the split maps, with "
    "95 % intervals; dotted: chance. 'ceiling' is the truth seen through the model's tokens: no "
    "order of them ranks better (mass accuracy alone can exceed it). It is 1 where tokens overlap, "
    "as k-mers do: they may resolve single nucleotides. Sequences without a true "
    "site are left out; those of class 0 count in their own sign.",
    "concentration": "Few nucleotides, or many? The random map shows what noise would score on "
    "the same tokens; token maps are smooth by construction, so compare within a model.",
    "faithfulness": "Nucleotides are replaced by others, the most relevant first (MoRF) or "
    "the least (LeRF), the sequence tokenised anew. Outputs are margins of the class that the "
    "model calls: their units are each model's own, so never compare them between models. "
    "'Normalised' is in each model's own range, 0 for a random order and 1 for the best order "
    "that substitutions of single nucleotides find, which a map may exceed.",
    "robustness": "Does a map stay where it should, under reverse complement and a shift by one "
    "nucleotide, and fall where it must, when the parameters are permuted from the classifier "
    "down? All are rank correlations with the map as it was; where parameters are permuted their "
    "size, since a layer often turns the sign of a whole map. Dotted is chance: that of two "
    "unrelated maps, whose size is above 0, and the higher the fewer parts they have.",
    "similarity": "How alike are the maps of two methods, or of two models? Mean Spearman "
    "correlation of split maps; blank where two were not compared. On the diagonal: the same "
    "method on models of two seeds, where there are several; else, and for random maps, which "
    "depend on the sequence alone, 1. A method that agrees less with itself there than with "
    "others explains one training. Cosine and Jaccard, and the maps on tokens, are among the "
    "numbers below.",
    "logic": "Where the rule that made the labels is known: do maps find the motifs (to the "
    "right), and do they say what the motifs do (high)? A map may do one without the other.",
    "positional": "AttnLRP alone: what ALiBi's bias on attention contributed, by layer, head and "
    "distance in tokens, in the sign of the output, mean over sequences. Blue speaks against.",
    "ledger": "AttnLRP and LRP account for the whole explained output: what reached the words, "
    "and what biases, the token type, ALiBi and the softmax kept. Means over sequences, each in "
    "the sign of its output.",
}
OR_SPLIT = ", split where a method has none: the others are named"
METRICS = {
    "localisation": ("auroc", "auprc", "mass_accuracy", "rank_accuracy", "pointing_game"),
    "concentration": ("gini", "entropy", "effective_size"),
    "faithfulness": ("normalised", "lerf_minus_morf", "comprehensiveness", "sufficiency"),
}
"""What the figures of means and intervals show; other figures choose for themselves."""
ROBUSTNESS = ("reverse_complement", "shift", "randomised_1_classifier", ALL_RANDOMISED)


def build_report(
    results: str | Path,
    runs: Sequence[str],
    datasets: Sequence[str],
    settings: Mapping[str, Any],
    figures: Sequence[str | Path],
    page_path: str | Path,
    manifest: str | Path,
    pictures: str | Path,
    inputs: Sequence[str | Path],
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
    read = {name: pd.read_csv(results / f"{name}.tsv", sep="\t") for name in TABLES}
    performance, overall, comparisons, controls = (
        read[name] for name in ("performance", "overall", "comparisons", "controls")
    )
    summary = read["metrics"]
    summary["axis"] = summary["axis"].replace(
        {"sparsity": "concentration", "complexity": "concentration"}
    )
    sections = [_section(Path(path), summary, results, runs, settings) for path in figures]
    shown = matched_matrices(results, runs)
    for dataset in datasets:
        shown |= set(pd.read_parquet(results / "data" / dataset / "sites.parquet")["motif"])
    motifs = fetch_motifs(sorted(shown), settings["jaspar"])
    matrices = {motif.matrix_id: motif for motif in motifs}
    found = motif_pictures(results, runs, matrices)
    examples = example_pictures(results, runs, settings["report"]["examples"], matrices)
    record = provenance("report", {"config": settings}, inputs)
    page = render(
        table(performance[performance["split"] == "test"].drop(columns="split")),
        table(read["recovery"]),
        table(summary),
        conclude(performance, overall, comparisons, controls),
        table(overview(overall)),
        table(comparisons),
        table(controls),
        found,
        sections,
        examples,
        _context(settings, datasets)
        | {"without_patterns": without_patterns(results, runs), "versions": record["versions"]},
    )
    write_pictures({"example": examples, "motifs": found}, pictures)
    with written_whole(page_path) as beside:
        beside.write_text(page, encoding="utf-8")
    with written_whole(manifest) as beside:
        beside.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _context(settings: Mapping[str, Any], datasets: Sequence[str]) -> dict[str, Any]:
    """What the page says of the run's settings."""
    return {
        "splits": settings["attribute"]["splits"],
        "datasets": datasets,
        "one_label": next((name for name in datasets if "." in name), None),
        "p_value": settings["motifs"]["p_value"],
        "motif_map": settings["motifs"]["map"],
        "faithfulness_map": settings["evaluate"]["faithfulness"]["map"],
        "min_information": settings["motifs"]["min_information"],
        "settings": yaml.safe_dump(settings, sort_keys=False),
    }


def _section(
    path: Path,
    summary: pd.DataFrame,
    results: Path,
    runs: Sequence[str],
    settings: Mapping[str, Any],
) -> Section:
    """Section of the page named as the figure that is written to ``path``."""
    figure = _figure(path.stem, summary, results, runs, settings)
    save(figure, path)
    note = NOTES[path.stem]
    if path.stem == "faithfulness":
        judged = settings["evaluate"]["faithfulness"]["map"]
        note += f" Judged are the {judged} maps{'' if judged == 'split' else OR_SPLIT}."
    return Section(path.stem.capitalize(), note, picture(path.stem, figure).image)


def _figure(
    name: str,
    summary: pd.DataFrame,
    results: Path,
    runs: Sequence[str],
    settings: Mapping[str, Any],
) -> Figure:
    if name == "ledger":
        return ledger_figure(summary)
    if name == "similarity":
        return similarity_figure(summary)
    if name == "positional":
        return positional_figure(results, runs)
    if name == "logic":
        rules = {key: own.get("rule") for key, own in settings["datasets"].items()}
        return logic_figure(summary, {k: rule for k, rule in rules.items() if rule})
    if name == "robustness":
        # models differ in depth: the last step of each stands in one column
        last = summary["metric"].str.replace(r"^randomised_\d+_all$", ALL_RANDOMISED, regex=True)
        return metric_figure(summary.assign(metric=last), name, ROBUSTNESS)
    return metric_figure(summary, name, METRICS[name])
