"""Bring token relevance to nucleotides, and nucleotide relevance to the token model's tokens."""

from job import running

with running(snakemake):
    from dnalrp.stages.project import project
    from dnalrp.stages.provisional import Project

    project(
        **snakemake.input,
        **snakemake.output,
        settings=Project(**snakemake.params.settings),
    )
