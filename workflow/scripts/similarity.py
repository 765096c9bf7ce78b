"""Compare the maps of different models on one data set, nucleotide by nucleotide."""

from pathlib import Path
from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    from dnalrp.attribution.storage import read_nucleotides
    from dnalrp.evaluation.similarity import compare_models
    from dnalrp.provenance import provenance, write_table

    maps = {
        model: {
            path.name.removesuffix(".split.h5"): read_nucleotides(path)
            for path in sorted(Path(folder).glob("*.split.h5"))
        }
        for model, folder in zip(snakemake.params.models, snakemake.input.nucleotides, strict=True)
    }
    write_table(
        compare_models(maps),
        snakemake.output.metrics,
        provenance("evaluate", {}, snakemake.input),
    )
