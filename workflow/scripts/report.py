"""Write the report: figures, one page, and a manifest of what made them."""

from pathlib import Path

from job import running

with running(snakemake):
    from dnalrp.results import Run
    from dnalrp.stages.report import report

    report(
        results=Path(snakemake.output.page).parents[1],
        runs=[Run.of(run) for run in snakemake.params.runs],
        settings=snakemake.params.config,
    )
