"""Join metrics, performance and recovery of all models and data sets into tidy tables."""

from pathlib import Path
from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    import pandas as pd

    from dnalrp.evaluation.summary import scan_performance, summarise
    from dnalrp.provenance import written_whole

    tables = []
    for path, origin in zip(snakemake.input.metrics, snakemake.params.origins, strict=True):
        dataset, model, seed = origin.split("/")
        tables.append(pd.read_parquet(path).assign(dataset=dataset, model=model, seed=seed))
    settings = snakemake.params.settings
    summary = summarise(
        pd.concat(tables, ignore_index=True), settings["resamples"], settings["seed"]
    )
    trained = [
        pd.read_csv(Path(folder) / "performance.tsv", sep="\t").assign(
            **dict(zip(("dataset", "model", "seed"), run.split("/"), strict=True))
        )
        for folder, run in zip(snakemake.input.models, snakemake.params.runs, strict=True)
    ]
    scanned = [
        scan_performance(pd.read_parquet(sequences), pd.read_parquet(scan)).assign(dataset=dataset)
        for dataset, sequences, scan in zip(
            snakemake.params.datasets, snakemake.input.sequences, snakemake.input.scan, strict=True
        )
    ]
    recovered = [
        pd.read_csv(path, sep="\t").assign(
            **dict(zip(("dataset", "model", "seed"), run.split("/"), strict=True)),
            method=path.parent.name,
        )
        for folder, run in zip(snakemake.input.motifs, snakemake.params.runs, strict=True)
        for path in sorted(Path(folder).glob("*/recovery.tsv"))
    ]
    tables = {
        snakemake.output.metrics: summary,
        snakemake.output.performance: pd.concat([*trained, *scanned]),
        snakemake.output.recovery: pd.concat(recovered),
    }
    for path, table in tables.items():
        first = [c for c in ("dataset", "model", "seed", "method") if c in table]
        with written_whole(path) as beside:
            table[[*first, *table.columns.difference(first, sort=False)]].to_csv(
                beside, sep="\t", index=False
            )
        print(f"{path}: {len(table)} rows")
