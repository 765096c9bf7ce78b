"""Discover motifs on the maps of one model, name them, and look for the true ones."""

from pathlib import Path
from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    import pandas as pd

    from dnalrp.attribution.storage import maps_by_method, read_nucleotides
    from dnalrp.data.jaspar import core_vertebrates, fetch_motifs
    from dnalrp.data.nucleotides import one_hot
    from dnalrp.motifs.discovery import Discovery, discover_patterns, read_seqlets
    from dnalrp.motifs.matching import match_patterns, recovered_motifs
    from dnalrp.provenance import provenance, write_record

    settings, release = snakemake.params.settings, snakemake.params.jaspar
    discovery = Discovery(
        settings["window"],
        settings["flank"],
        settings["max_seqlets"],
        settings["fdr"],
        settings["leiden_runs"],
        settings["seed"],
    )
    truth = {sign: fetch_motifs(ids, release) for sign, ids in snakemake.params.true_motifs.items()}
    targets = core_vertebrates(release)
    sequences = pd.read_parquet(snakemake.input.sequences).set_index("id")["sequence"]
    for method, path in maps_by_method(snakemake.input.nucleotides, settings["map"]).items():
        maps = read_nucleotides(path)
        folder = Path(snakemake.output.motifs) / method
        folder.mkdir(parents=True)
        encoded = one_hot(sequences[maps.ids].tolist())
        patterns = discover_patterns(maps.relevance, encoded, discovery, folder / "patterns.h5")
        matches = match_patterns(patterns, targets, settings["min_information"])
        recovery = recovered_motifs(matches, truth, targets, settings["p_value"])
        seqlets = read_seqlets(folder / "patterns.h5", maps.ids, discovery)
        seqlets.to_csv(folder / "seqlets.tsv", sep="\t", index=False)
        matches.to_csv(folder / "matches.tsv", sep="\t", index=False)
        recovery.to_csv(folder / "recovery.tsv", sep="\t", index=False)
        record = provenance("motifs", dict(snakemake.params.items()), [path])
        write_record(folder / "provenance.json", record)
        found = int(recovery["recovered"].sum())
        print(f"{method}: {len(patterns)} patterns, {found} of {len(recovery)} true motifs")
