"""Label, split and scan the peaks of a data set."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    import pandas as pd

    from dnalrp.data.fetch import extract
    from dnalrp.data.jaspar import fetch_motifs
    from dnalrp.data.nucleotides import one_hot
    from dnalrp.data.prepare import PeakClass, motif_sites, prepare_peaks
    from dnalrp.data.scan import scan_scores
    from dnalrp.provenance import provenance, write_table

    settings, archive = snakemake.params.dataset, snakemake.input.get("archive")
    with tempfile.TemporaryDirectory() as folder:
        classes = [
            PeakClass(
                entry["name"],
                extract(archive, entry["fasta"], folder)
                if archive
                else [Path(path) for path in entry["fasta"]],
                fetch_motifs(entry["motifs"], snakemake.params.jaspar),
            )
            for entry in settings["classes"]
        ]
        sequences, dropped = prepare_peaks(classes, settings["splits"])
    sites = motif_sites(sequences, classes, settings["site_p_value"])
    encoded = one_hot(sequences["sequence"].tolist())
    scores = [scan_scores(encoded, own.motifs) if own.motifs else 0.0 for own in classes]
    record = provenance("data", dict(snakemake.params.items()), snakemake.input)
    scan = pd.DataFrame({"id": sequences["id"], "score": scores[1] - scores[0]})
    write_table(sequences, snakemake.output.sequences, record)
    write_table(sites, snakemake.output.sites, record)
    write_table(scan, snakemake.output.scan, record)
    print(f"{len(sequences)} sequences, dropped {dropped}, {len(sites)} sites of the true motifs")
