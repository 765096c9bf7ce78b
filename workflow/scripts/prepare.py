"""Label, split and scan the sequences of a data set that is not simulated."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    import pandas as pd

    from dnalrp.data.labels import has_label
    from dnalrp.data.prepare import motif_sites
    from dnalrp.data.sources import prepare, scan_difference
    from dnalrp.provenance import provenance, write_table, written_whole

    settings, archive = snakemake.params.dataset, snakemake.input.get("archive")
    output = snakemake.output
    with tempfile.TemporaryDirectory(dir=Path(output.sequences).parent) as folder:
        cleaned, classes = prepare(
            settings,
            snakemake.params.jaspar,
            Path(folder),
            archive,
            **snakemake.params.downloads,
        )
    sequences, dropped = cleaned
    sites = motif_sites(sequences, classes, settings["site_p_value"])
    record = provenance("data", dict(snakemake.params.items()), snakemake.input)
    write_table(sequences, output.sequences, record)
    write_table(sites, output.sites, record)
    write_table(scan_difference(sequences, classes), output.scan, record)
    with written_whole(output.dropped) as beside:
        dropped.to_csv(beside, sep="\t", index=False)
    on = {own.name: has_label(sequences["label"], label) for label, own in enumerate(classes)}
    print(pd.DataFrame(on).groupby(sequences["split"]).sum().to_string())
    reasons = ", ".join(f"{n} {why}" for why, n in dropped["reason"].value_counts().items())
    print(f"dropped {len(dropped)} ({reasons or 'none'}), {len(sites)} sites of the true motifs")
