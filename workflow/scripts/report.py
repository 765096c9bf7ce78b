"""Write the report: figures, one page, and a manifest of what made them."""

from pathlib import Path
from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    from dnalrp.report.building import build_report

    build_report(
        Path(snakemake.input.metrics).parent,
        snakemake.params.runs,
        snakemake.params.datasets,
        snakemake.params.config,
        snakemake.output.figures,
        snakemake.output.page,
        snakemake.output.manifest,
        snakemake.output.pictures,
        snakemake.input,
    )
