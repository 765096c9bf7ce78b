"""Tidy tables: one row a sequence, map and metric, then means with intervals."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dnalrp.performance import performance

GROUPS = ["dataset", "model", "seed", "method", "level", "map", "axis", "metric"]


def summarise(values: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """Mean of every metric with a 95 % percentile bootstrap interval over sequences.

    Each interval is marginal: that two overlap does not say that the methods are alike.

    Parameters
    ----------
    values
        ``dataset, model, seed, method, level, map, axis, metric, id, value, chance``.

    Returns
    -------
    pandas.DataFrame
        The grouping columns and ``mean, low, high, sequences, undefined, chance``; ``undefined``
        counts sequences whose value is NaN, which are left out of the mean.
    """
    rows = []
    for keys, group in values.groupby(GROUPS, sort=True, dropna=False):
        group = group.sort_values("id")
        defined = group["value"].dropna().to_numpy()
        mean, low, high = bootstrap_mean(defined, resamples, seed)
        undefined = len(group) - len(defined)
        rows.append((*keys, mean, low, high, len(defined), undefined, group["chance"].mean()))
    columns = [*GROUPS, "mean", "low", "high", "sequences", "undefined", "chance"]
    return pd.DataFrame(rows, columns=columns)


def bootstrap_mean(
    values: Sequence[float] | np.ndarray, resamples: int, seed: int
) -> tuple[float, float, float]:
    """Mean with the ends of its 95 % percentile bootstrap interval; NaN for no values.

    One value has an interval of NaN: nothing is known about its spread.
    """
    values = np.asarray(values, dtype=np.float64)
    if len(values) == 0:
        return (float("nan"),) * 3
    if len(values) == 1:
        return float(values[0]), float("nan"), float("nan")
    from scipy.stats import bootstrap

    rng = np.random.default_rng(seed)
    interval = bootstrap(
        (values,), np.mean, n_resamples=resamples, method="percentile", rng=rng, batch=200
    ).confidence_interval
    return float(values.mean()), float(interval.low), float(interval.high)


def scan_performance(sequences: pd.DataFrame, scan: pd.DataFrame) -> pd.DataFrame:
    """Performance per split of the scan with the true matrices, a reference for the models.

    MCC and accuracy take the scan's score of zero as threshold, which nothing has calibrated.
    """
    frame = sequences.merge(scan, on="id", validate="one_to_one")
    rows = [
        {"split": split, **performance(rows["label"].to_numpy(), rows["score"].to_numpy())}
        for split, rows in frame.groupby("split")
    ]
    return pd.DataFrame(rows).assign(model="matrix scan")
