"""Bring token relevance to nucleotides, and nucleotide relevance to the token model's tokens."""

from job import running

with running(snakemake):
    from dnalrp.stages.project import project
    from dnalrp.stages.provisional import Projection

    project(
        **snakemake.input,
        **snakemake.output,
        settings=Projection(**snakemake.params.settings),
    )
