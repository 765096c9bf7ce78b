"""Judge the explanations of one model on one data set: one row a sequence, map and metric."""

import logging
from pathlib import Path

import pandas as pd

from dnalrp.evaluation.judging import (
    Explained,
    information_contents,
    judge_concentration,
    judge_ledger,
    judge_localisation,
    judge_similarity,
    load_explained,
)
from dnalrp.evaluation.logic import judge_logic
from dnalrp.evaluation.probing import judge_faithfulness, judge_robustness
from dnalrp.models.device import compute_device
from dnalrp.models.loading import load
from dnalrp.provenance import provenance, write_table
from dnalrp.stages.provisional import Evaluate

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
    settings: Evaluate,
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
        Path(tokens),
        information_contents(motifs, jaspar),
    )
    values = [
        *_asking_no_model(explained),
        judge_faithfulness(explained, asked, settings.faithfulness),
        judge_robustness(explained, asked, settings.robustness),
        *([judge_logic(explained, true_sites, grammar)] if grammar else []),
    ]
    table = pd.concat(values, ignore_index=True)
    inputs = [sequences, sites, model, attributions, nucleotides, tokens]
    write_table(table, metrics, provenance("evaluate", settings.model_dump(mode="json"), inputs))
    log.info("%d values of %d metrics", len(table), table["metric"].nunique())


def _asking_no_model(explained: Explained) -> list[pd.DataFrame]:
    judges = (judge_localisation, judge_concentration, judge_similarity, judge_ledger)
    return [judge(explained) for judge in judges]
