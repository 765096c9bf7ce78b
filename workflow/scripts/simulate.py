"""Simulate a data set with planted motifs."""

from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    import pandas as pd

    from dnalrp.data.grammar import PAIR_RULES
    from dnalrp.data.jaspar import fetch_motifs
    from dnalrp.data.nucleotides import one_hot
    from dnalrp.data.scan import scan_scores
    from dnalrp.data.simulate import Simulation, simulate
    from dnalrp.provenance import provenance, write_table

    settings, release = snakemake.params.dataset, snakemake.params.jaspar
    motifs = fetch_motifs(settings["motifs"], release)
    planted = motifs[:2] if settings["rule"] in PAIR_RULES else motifs
    simulation = Simulation(
        length=settings["length"],
        counts=settings["sequences"],
        motifs=motifs,
        decoys=fetch_motifs(settings["decoys"], release),
        sites=tuple(settings["sites"]),
        rule=settings["rule"],
        spacing=tuple(settings["spacing"]),
        background=settings["background"],
        seed=snakemake.params.seed,
        mutations=settings.get("mutations", 0),
    )
    sequences, sites = simulate(simulation)
    scores = scan_scores(one_hot(sequences["sequence"].tolist()), planted)
    record = provenance("data", dict(snakemake.params.items()), snakemake.input)
    scan = pd.DataFrame({"id": sequences["id"], "score": scores})
    write_table(sequences, snakemake.output.sequences, record)
    write_table(sites, snakemake.output.sites, record)
    write_table(scan, snakemake.output.scan, record)
    print(f"{len(sequences)} sequences, {len(sites)} planted sites")
