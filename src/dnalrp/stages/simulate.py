"""Simulate a data set with planted motifs."""

import logging
from pathlib import Path

import pandas as pd

from dnalrp.data.jaspar import fetch_motifs
from dnalrp.data.nucleotides import one_hot
from dnalrp.data.scan import scan_scores
from dnalrp.data.simulate import simulate as simulated
from dnalrp.data.sources.simulated import SimulatedSection
from dnalrp.provenance import provenance, write_table

log = logging.getLogger(__name__)


def simulate(
    *,
    settings: SimulatedSection,
    jaspar: str,
    sequences: str | Path,
    sites: str | Path,
    scan: str | Path | None = None,
) -> None:
    """Write simulated sequences and where their motifs are.

    Parameters
    ----------
    jaspar
        Release of JASPAR that the motifs are of.
    sequences, sites
        Tables to write.
    scan
        Table to write: how well the true motifs fit each sequence, by their matrices alone.
    """
    motifs, decoys = (fetch_motifs(ids, jaspar) for ids in (settings.motifs, settings.decoys))
    made, planted = simulated(settings, motifs, decoys)
    dataset = settings.model_dump(mode="json", exclude_unset=True)
    record = provenance(
        "data", {"dataset": dataset, "jaspar": jaspar}, list(settings.locations().values())
    )
    write_table(made, sequences, record)
    write_table(planted, sites, record)
    if scan is not None:
        evidence = motifs[: len(settings.true_motifs()["positive"])]
        scores = scan_scores(one_hot(made["sequence"].tolist()), evidence)
        write_table(pd.DataFrame({"id": made["id"], "score": scores}), scan, record)
    log.info("%d sequences, %d planted sites", len(made), len(planted))
