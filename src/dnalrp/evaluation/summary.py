"""Tidy tables: one row a sequence, map and metric, then means with intervals."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.data.labels import read_labels
from dnalrp.evaluation.resampling import draw_resamples, percentile_interval, resampled_means
from dnalrp.names import BETWEEN_MODELS, BETWEEN_SEEDS
from dnalrp.performance import auroc_interval, performance

GROUPS = ["dataset", "model", "seed", "method", "level", "map", "axis", "metric"]
RESAMPLED_AT_ONCE = 4_000_000  # values, for memory


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
    chance = values["chance"].where(values["value"].notna())  # of the sequences in the mean
    ordered = values.assign(chance=chance).sort_values([*GROUPS, "id"], kind="stable")
    grouped = ordered.groupby(GROUPS, sort=True, dropna=False)
    table = grouped.agg(
        sequences=("value", "count"), rows=("value", "size"), chance=("chance", "mean")
    )
    defined = [group.dropna().to_numpy() for _, group in grouped["value"]]
    by_size: dict[int, list[int]] = {}
    for place, own in enumerate(defined):
        by_size.setdefault(len(own), []).append(place)
    means = np.full((len(defined), 3), np.nan)
    for places in by_size.values():
        means[places] = bootstrap_means(np.stack([defined[i] for i in places]), resamples, seed)
    table[["mean", "low", "high"]] = means
    table["undefined"] = table["rows"] - table["sequences"]
    columns = [*GROUPS, "mean", "low", "high", "sequences", "undefined", "chance"]
    return table.reset_index()[columns]


def bootstrap_means(values: npt.NDArray[np.float64], resamples: int, seed: int) -> np.ndarray:
    """Mean and the ends of its 95 % percentile bootstrap interval, (rows, 3), of each row.

    All rows of ``values``, (rows, sequences), share their resamples. Of no sequence all three are
    NaN; of one the interval is: nothing is known about its spread.
    """
    rows, count = values.shape
    if count == 0:
        return np.full((rows, 3), np.nan)
    means = values.mean(axis=1)
    if count == 1:
        return np.stack([means, np.full(rows, np.nan), np.full(rows, np.nan)], axis=1)
    from scipy.stats import bootstrap

    interval = bootstrap(
        (values,),
        np.mean,
        axis=1,
        n_resamples=resamples,
        method="percentile",
        rng=np.random.default_rng(seed),
        batch=max(1, RESAMPLED_AT_ONCE // values.size),
    ).confidence_interval
    return np.stack([means, interval.low, interval.high], axis=1)


def of_single_models(values: pd.DataFrame) -> pd.DataFrame:
    """Rows on one model of one seed each, of which seeds can be drawn.

    Rows between models or seeds are left out: two that share a seed are not independent.
    """
    between = (values["model"] == BETWEEN_MODELS) | (values["seed"] == BETWEEN_SEEDS)
    return values[~between]


def summarise_over_seeds(values: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """Mean of every metric over all seeds, with a 95 % bootstrap interval over seeds and sequences.

    The rows of a paper's table. With one seed the interval is over sequences alone; with few that
    differ it is too narrow: where trainings are all that varies, two hold the truth in half of
    the cases.

    Parameters
    ----------
    values
        As for :func:`summarise`, after :func:`of_single_models`.

    Returns
    -------
    pandas.DataFrame
        ``dataset, model, method, level, map, axis, metric, mean, low, high, chance, sequences,
        seeds``.
    """
    rows = []
    task = ["dataset", "level", "map", "axis", "metric"]
    for keys, group in values.groupby(task, sort=True):
        key = ["seed", "id", "model", "method"]
        wide = group.set_index(key)["value"].unstack(["model", "method"])
        wide = wide.reindex(pd.MultiIndex.from_product(wide.index.remove_unused_levels().levels))
        seeds, ids = (len(level) for level in wide.index.levels)
        cube = wide.to_numpy(dtype=float).reshape(seeds, ids, -1)
        means = resampled_means(cube, draw_resamples(seeds, ids, resamples, seed))
        low, high = percentile_interval(means)
        defined = ~np.isnan(cube)
        chance = group[group["value"].notna()].groupby(["model", "method"])["chance"].mean()
        for column, (model, method) in enumerate(wide.columns):
            own = defined[:, :, column]
            mean = cube[:, :, column][own].mean() if own.any() else np.nan
            several = own.any(axis=0).sum() > 1
            interval = (low[column], high[column]) if several else (np.nan, np.nan)
            known = (own.any(axis=0).sum(), own.any(axis=1).sum())
            level = chance.get((model, method), np.nan)
            rows.append((*keys, model, method, mean, *interval, level, *known))
    columns = [*task, "model", "method", "mean", "low", "high", "chance", "sequences", "seeds"]
    first = ["dataset", "model", "method"]
    table = pd.DataFrame(rows, columns=columns)
    return table[[*first, *table.columns.difference(first, sort=False)]]


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


def with_auroc_intervals(table: pd.DataFrame, labels: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A table of performance with ``auroc_low`` and ``auroc_high`` beside ``auroc``, 95 %.

    They are over the sequences of the split, and missing where there are not two classes.

    Parameters
    ----------
    table
        ``dataset, split, auroc, ...``.
    labels
        ``label, split`` of the sequences of each data set.
    """
    ends = []
    for row in table.itertuples():
        own = labels[row.dataset]
        checked = read_labels(own)
        counts = np.zeros(2, dtype=int)
        if not checked.several and checked.classes == 2:
            counts = np.bincount(checked.values[own["split"] == row.split], minlength=2)
        ends.append(auroc_interval(row.auroc, int(counts[1]), int(counts[0])))
    low, high = (np.array(ends).reshape(-1, 2)[:, end] for end in (0, 1))
    result = table.copy()
    place = result.columns.get_loc("auroc") + 1
    result.insert(place, "auroc_low", low)
    result.insert(place + 1, "auroc_high", high)
    return result
