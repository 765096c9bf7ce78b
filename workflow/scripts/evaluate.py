"""Judge the explanations of one model on one data set: one row a sequence, map and metric."""

from job import running

with running(snakemake):
    from dnalrp.stages.evaluate import evaluate
    from dnalrp.stages.provisional import Evaluate

    evaluate(
        **snakemake.input,
        **snakemake.output,
        settings=Evaluate(**snakemake.params.settings),
        jaspar=snakemake.params.jaspar,
        grammar=snakemake.params.grammar,
        gpu=snakemake.params.gpu,
    )
