"""Make a data set of one label of a data set of several: class 1 where it is on."""

from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    import pandas as pd

    from dnalrp.data.jaspar import fetch_motifs
    from dnalrp.data.labels import of_one_label, sites_of_one_label
    from dnalrp.data.prepare import NamedClass
    from dnalrp.data.sources import scan_difference
    from dnalrp.provenance import provenance, write_table

    label, output = snakemake.params.label, snakemake.output
    motifs = fetch_motifs(label["motifs"], snakemake.params.jaspar)
    sequences = of_one_label(pd.read_parquet(snakemake.input.sequences), label["number"])
    sites = pd.read_parquet(snakemake.input.sites)
    sites = sites_of_one_label(sites, sequences, [motif.matrix_id for motif in motifs])
    classes = [NamedClass(f"not {label['name']}", []), NamedClass(label["name"], motifs)]
    record = provenance("label", dict(snakemake.params.items()), snakemake.input)
    write_table(sequences, output.sequences, record)
    write_table(sites, output.sites, record)
    write_table(scan_difference(sequences, classes), output.scan, record)
    true = (sites["role"] == "motif").sum()
    print(f"on in {sequences['label'].sum()} of {len(sequences)} sequences, {true} true sites")
