"""Simulate a data set with planted motifs."""

from job import running

with running(snakemake):
    from dnalrp.stages.simulate import simulate

    simulate(
        settings=snakemake.params.dataset,
        jaspar=snakemake.params.jaspar,
        **snakemake.output,
    )
