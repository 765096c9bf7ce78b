"""Explain the held-out sequences of one data set with every method of one model."""

from job import running

with running(snakemake):
    from dnalrp.stages.attribute import attribute
    from dnalrp.stages.provisional import Attribute

    attribute(
        **snakemake.input,
        **snakemake.output,
        methods=snakemake.params.methods,
        settings=Attribute(**snakemake.params.settings),
        seed=int(snakemake.wildcards.seed),
        gpu=snakemake.params.gpu,
    )
