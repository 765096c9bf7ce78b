"""Compare the maps of different models, or of one model's seeds, by nucleotide and by token."""

from job import running

with running(snakemake):
    from dnalrp.stages.similarity import similarity

    params = snakemake.params
    similarity(
        between=params.between,
        nucleotides=dict(zip(params.names, snakemake.input.nucleotides, strict=True)),
        tokens=dict(zip(params.names, snakemake.input.tokens, strict=True)),
        metrics=snakemake.output.metrics,
        to_tokens=params.to_tokens,
    )
