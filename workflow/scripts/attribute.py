"""Explain the held-out sequences of one data set with every method of one model."""

from job import running

with running(snakemake):
    from dnalrp.attribution.catalogue import read_choice
    from dnalrp.settings.attribute import Attribute
    from dnalrp.stages.attribute import attribute

    attribute(
        **snakemake.input,
        **snakemake.output,
        methods=[read_choice(method) for method in snakemake.params.methods],
        settings=Attribute(**snakemake.params.settings, methods={}),
        seed=int(snakemake.wildcards.seed),
        gpu=snakemake.params.gpu,
    )
