"""Join the values of all models and data sets into tidy tables, and compare them."""

from pathlib import Path

from job import running

with running(snakemake):
    from dnalrp.results import Run
    from dnalrp.settings.evaluate import ConfidenceIntervals
    from dnalrp.stages.summarise import summarise

    summarise(
        results=Path(snakemake.output.metrics).parent,
        runs=[Run.of(run) for run in snakemake.params.runs],
        origins=[Run.of(origin) for origin in snakemake.params.origins],
        settings=ConfidenceIntervals(**snakemake.params.settings),
    )
