"""Simulate a data set with planted motifs."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from dnalrp.data.grammar import PAIR_RULES
from dnalrp.data.jaspar import fetch_motifs
from dnalrp.data.nucleotides import one_hot
from dnalrp.data.scan import scan_scores
from dnalrp.data.simulate import Simulation
from dnalrp.data.simulate import simulate as simulated
from dnalrp.provenance import provenance, write_table

log = logging.getLogger(__name__)


def simulate(
    *,
    settings: Mapping[str, Any],
    jaspar: str,
    sequences: str | Path,
    sites: str | Path,
    scan: str | Path | None = None,
) -> Simulation:
    """Write simulated sequences and where their motifs are.

    Parameters
    ----------
    settings
        A data set with ``source: simulated``.
    jaspar
        Release of JASPAR that the motifs are of.
    sequences, sites
        Tables to write.
    scan
        Table to write: how well the true motifs fit each sequence, by their matrices alone.

    Returns
    -------
    Simulation
        What was simulated, its motifs read.
    """
    simulation = _simulation(settings, jaspar)
    made, planted = simulated(simulation)
    file = settings["background"].get("fasta")
    inputs = [file] if file else []
    record = provenance("data", {"dataset": dict(settings), "jaspar": jaspar}, inputs)
    write_table(made, sequences, record)
    write_table(planted, sites, record)
    if scan is not None:
        pair = settings["rule"] in PAIR_RULES
        evidence = simulation.motifs[:2] if pair else simulation.motifs
        scores = scan_scores(one_hot(made["sequence"].tolist()), evidence)
        write_table(pd.DataFrame({"id": made["id"], "score": scores}), scan, record)
    log.info("%d sequences, %d planted sites", len(made), len(planted))
    return simulation


def _simulation(settings: Mapping[str, Any], jaspar: str) -> Simulation:
    return Simulation(
        length=settings["length"],
        counts=settings["sequences"],
        motifs=fetch_motifs(settings["motifs"], jaspar),
        decoys=fetch_motifs(settings["decoys"], jaspar),
        sites=tuple(settings["sites"]),
        rule=settings["rule"],
        spacing=tuple(settings["spacing"]),
        background=settings["background"],
        seed=settings["seed"],
        mutations=settings.get("mutations", 0),
    )
