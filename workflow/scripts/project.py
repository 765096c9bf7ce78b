"""Bring token relevance to nucleotides, and nucleotide relevance to the token model's tokens."""

from job import running

with running(snakemake):
    from dnalrp.settings.project import Project
    from dnalrp.stages.project import project

    project(
        **snakemake.input,
        **snakemake.output,
        settings=Project(**snakemake.params.settings),
    )
