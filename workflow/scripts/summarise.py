"""Join the values of all models and data sets into tidy tables, and compare them."""

from pathlib import Path
from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    import pandas as pd

    from dnalrp.evaluation.comparison import compare, relative_to_ceiling
    from dnalrp.evaluation.controls import discriminating
    from dnalrp.evaluation.metrics import IN_UNITS_OF_THE_OUTPUT, direction_of
    from dnalrp.evaluation.summary import (
        of_single_models,
        scan_performance,
        summarise,
        summarise_over_seeds,
        with_auroc_intervals,
    )
    from dnalrp.provenance import written_whole

    tables = []
    for path, origin in zip(snakemake.input.metrics, snakemake.params.origins, strict=True):
        dataset, model, seed = origin.split("/")
        tables.append(pd.read_parquet(path).assign(dataset=dataset, model=model, seed=seed))
    settings = snakemake.params.settings
    values = pd.concat(tables, ignore_index=True)
    resampling = (settings["resamples"], settings["seed"])
    summary = summarise(values, *resampling)
    values = pd.concat([values, relative_to_ceiling(values)], ignore_index=True)
    directions = {name: direction_of(name) for name in values["metric"].unique()}
    directions = {name: sign for name, sign in directions.items() if sign}
    alike = frozenset(directions) - IN_UNITS_OF_THE_OUTPUT
    comparable = of_single_models(values)
    compared = compare(comparable, directions, alike, *resampling)
    overall = summarise_over_seeds(comparable, *resampling)
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
    labels = {
        dataset: pd.read_parquet(path)
        for dataset, path in zip(snakemake.params.datasets, snakemake.input.sequences, strict=True)
    }
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
        snakemake.output.overall: overall,
        snakemake.output.comparisons: compared,
        snakemake.output.controls: discriminating(summary),
        snakemake.output.performance: with_auroc_intervals(
            pd.concat([*trained, *scanned], ignore_index=True), labels
        ),
        snakemake.output.recovery: pd.concat(recovered),
    }
    for path, table in tables.items():
        first = [c for c in ("dataset", "model", "seed", "method") if c in table]
        with written_whole(path) as beside:
            table[[*first, *table.columns.difference(first, sort=False)]].to_csv(
                beside, sep="\t", index=False
            )
        print(f"{path}: {len(table)} rows")
