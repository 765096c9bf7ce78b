"""Make a data set of one label of a data set of several: class 1 where it is on."""

from job import running

with running(snakemake):
    from dnalrp.stages.label import Label, label_data

    label_data(
        whole_sequences=snakemake.input.sequences,
        whole_sites=snakemake.input.sites,
        label=Label(**snakemake.params.label),
        jaspar=snakemake.params.jaspar,
        **snakemake.output,
    )
