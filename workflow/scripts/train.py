"""Train or fine-tune one model on one data set, or take it as it is; keep its predictions."""

from job import running

with running(snakemake):
    from dnalrp.models.catalogue import ARCHITECTURES
    from dnalrp.models.pretraining_settings import FROM_PRETRAINING
    from dnalrp.results import Results, Run
    from dnalrp.stages.train import train

    model, params, inputs = snakemake.output.model, snakemake.params, snakemake.input[1:]
    train(
        sequences=snakemake.input.sequences,
        model=model,
        checkpoints=Results.of_model(model).checkpoints(Run.at(model)),
        settings=ARCHITECTURES[params.model["architecture"]].section(**params.model),
        seed=int(snakemake.wildcards.seed),
        labels=params.labels,
        classes=params.classes,
        pretrained=inputs[0] if params.model["pretrained"] == FROM_PRETRAINING else None,
        inputs=inputs,
        gpu=params.gpu,
        code=params.code,
    )
