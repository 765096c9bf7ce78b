"""Join the values of all models and data sets into tidy tables, and compare them."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from dnalrp.evaluation.summary import scan_performance, with_auroc_intervals
from dnalrp.evaluation.tables import make_tables
from dnalrp.provenance import written_whole
from dnalrp.results import PERFORMANCE, RECOVERY, Results, Run
from dnalrp.settings.evaluate import ConfidenceIntervals

log = logging.getLogger(__name__)

FIRST = ("dataset", "model", "seed", "method")
"""Columns that every table begins with, where it has them."""


def summarise(
    *,
    results: str | Path,
    runs: Sequence[Run],
    origins: Sequence[Run],
    settings: ConfidenceIntervals,
) -> None:
    """Write the tables over all runs of a folder of results.

    Parameters
    ----------
    results
        The folder: read are metrics, models, motifs and data, written the tables.
    runs
        Those that are in the tables.
    origins
        Where metrics come from: the runs, and comparisons of models or of seeds.
    """
    files = Results(results)
    tables = _metric_tables(files, origins, settings)
    tables |= {"performance": _performance(files, runs), "recovery": _recovery(files, runs)}
    for name, table in tables.items():
        first = [column for column in FIRST if column in table]
        ordered = table[[*first, *table.columns.difference(first, sort=False)]]
        with written_whole(files.table(name)) as beside:
            ordered.to_csv(beside, sep="\t", index=False)
        log.info("%s: %d rows", files.table(name), len(table))


def _metric_tables(
    files: Results, origins: Sequence[Run], settings: ConfidenceIntervals
) -> dict[str, pd.DataFrame]:
    tables = [pd.read_parquet(files.metrics(run)).assign(**run.columns()) for run in origins]
    values = pd.concat(tables, ignore_index=True)
    return make_tables(values, resamples=settings.resamples, seed=settings.seed)._asdict()


def _performance(files: Results, runs: Sequence[Run]) -> pd.DataFrame:
    """Of all models, and of a scan with the true motifs."""
    trained = [
        pd.read_csv(files.model(run) / PERFORMANCE, sep="\t").assign(**run.columns())
        for run in runs
    ]
    datasets = dict.fromkeys(run.dataset for run in runs)
    labels = {dataset: pd.read_parquet(files.sequences(dataset)) for dataset in datasets}
    scanned = [
        scan_performance(table, pd.read_parquet(files.scan(dataset))).assign(dataset=dataset)
        for dataset, table in labels.items()
    ]
    return with_auroc_intervals(pd.concat([*trained, *scanned], ignore_index=True), labels)


def _recovery(files: Results, runs: Sequence[Run]) -> pd.DataFrame:
    return pd.concat(
        pd.read_csv(folder / RECOVERY, sep="\t").assign(**run.columns(), method=method)
        for run in runs
        for method, folder in files.motif_folders(run).items()
    )
