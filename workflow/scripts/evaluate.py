"""Judge the explanations of one model on one data set: one row a sequence, map and metric."""

from job import running

with running(snakemake):
    from dnalrp.settings.evaluate import read_axes
    from dnalrp.stages.evaluate import evaluate

    evaluate(
        **snakemake.input,
        **snakemake.output,
        settings=read_axes(snakemake.params.settings),
        jaspar=snakemake.params.jaspar,
        grammar=snakemake.params.grammar,
        gpu=snakemake.params.gpu,
    )
