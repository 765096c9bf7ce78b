"""Train or fine-tune one model on one data set, or take it as it is; keep its predictions."""

from job import running

with running(snakemake):
    from dnalrp.models.catalogue import ARCHITECTURES
    from dnalrp.results import Results, Run
    from dnalrp.stages.train import train

    model, params = snakemake.output.model, snakemake.params
    train(
        sequences=snakemake.input.sequences,
        model=model,
        checkpoints=Results.of_model(model).checkpoints(Run.at(model)),
        settings=ARCHITECTURES[params.model["architecture"]].section(**params.model),
        seed=int(snakemake.wildcards.seed),
        labels=params.labels,
        classes=params.classes,
        inputs=snakemake.input[1:],
        gpu=params.gpu,
        code=params.code,
    )
