"""Pre-train a masked-language model on genomes and write its model card."""

from job import running

with running(snakemake):
    from dnalrp.results import Results
    from dnalrp.stages.pretrain import pretrain
    from dnalrp.stages.provisional import PretrainingSection

    model, params = snakemake.output.model, snakemake.params
    settings = PretrainingSection(**params.settings)
    pretrain(
        genomes=snakemake.input.genomes,
        model=model,
        checkpoints=Results.of_pretrained(model).pretraining_checkpoints(settings.name),
        settings=settings,
        gpu=params.gpu,
        code=params.code,
    )
