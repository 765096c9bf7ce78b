"""Discover motifs on the maps of one model, name them, and look for the true ones."""

from job import running

with running(snakemake):
    from dnalrp.settings.motifs import Motifs
    from dnalrp.stages.motifs import motifs

    motifs(
        **snakemake.input,
        **snakemake.output,
        settings=Motifs(**snakemake.params.settings),
        true_motifs=snakemake.params.true_motifs,
        jaspar=snakemake.params.jaspar,
    )
