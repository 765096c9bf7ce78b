"""Join the metrics of all models and data sets into one tidy table with intervals."""

from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    import pandas as pd

    from dnalrp.evaluation.summary import summarise
    from dnalrp.provenance import written_whole

    tables = []
    for path, origin in zip(snakemake.input.metrics, snakemake.params.origins, strict=True):
        dataset, model, seed = origin.split("/")
        tables.append(pd.read_parquet(path).assign(dataset=dataset, model=model, seed=seed))
    settings = snakemake.params.settings
    summary = summarise(
        pd.concat(tables, ignore_index=True), settings["resamples"], settings["seed"]
    )
    with written_whole(snakemake.output.metrics) as beside:
        summary.to_csv(beside, sep="\t", index=False)
    print(f"{len(summary)} rows")
