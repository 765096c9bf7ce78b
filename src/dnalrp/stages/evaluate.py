"""Judge the explanations of one model on one data set: one row a sequence, map and metric."""

import logging
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from dnalrp.evaluation.judging import evaluate_all
from dnalrp.evaluation.loading import information_contents, load_explained
from dnalrp.models.device import compute_device
from dnalrp.models.loading import load
from dnalrp.provenance import provenance, write_table
from dnalrp.section import Section

log = logging.getLogger(__name__)


def evaluate(
    *,
    sequences: str | Path,
    sites: str | Path,
    model: str | Path,
    attributions: str | Path,
    nucleotides: str | Path,
    tokens: str | Path,
    metrics: str | Path,
    settings: Mapping[str, Section],
    jaspar: str,
    grammar: str | None = None,
    gpu: bool = False,
) -> None:
    """Write the values of all metrics of one model.

    Parameters
    ----------
    sequences, sites
        Tables of the data set.
    model, attributions, nucleotides, tokens
        Folders of the model and of its maps.
    metrics
        Table to write.
    settings
        Of the axes that have some, by name.
    jaspar
        Release of JASPAR that the motifs of the sites are of.
    grammar
        What made the labels, where that is known.
    """
    device = compute_device(gpu)
    asked = load(model).to(device)
    log.info("device %s", device)
    true_sites = pd.read_parquet(sites)
    motifs = true_sites.loc[true_sites["role"] == "motif", "motif"]
    explained = load_explained(
        pd.read_parquet(sequences),
        true_sites,
        Path(attributions),
        Path(nucleotides),
        tokens=Path(tokens),
        information=information_contents(motifs, jaspar),
        grammar=grammar,
    )
    table = evaluate_all(explained, asked, settings)
    inputs = [sequences, sites, model, attributions, nucleotides, tokens]
    recorded = {axis: section.model_dump(mode="json") for axis, section in settings.items()}
    write_table(table, metrics, provenance("evaluate", recorded, inputs))
    log.info("%d values of %d metrics", len(table), table["metric"].nunique())
