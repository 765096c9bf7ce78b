"""Pre-train a masked-language model on genomes and write its model card."""

from job import running

with running(snakemake):
    from dnalrp.models.pretraining_settings import PretrainingSection
    from dnalrp.results import Results
    from dnalrp.stages.pretrain import pretrain

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
