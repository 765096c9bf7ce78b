"""Simulate a data set with planted motifs."""

from job import running

with running(snakemake):
    from dnalrp.data.sources.simulated import SimulatedSection
    from dnalrp.stages.simulate import simulate

    simulate(
        settings=SimulatedSection(**snakemake.params.dataset),
        jaspar=snakemake.params.jaspar,
        **snakemake.output,
    )
