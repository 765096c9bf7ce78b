"""Which explanation is better? Paired on the same sequences and seeds, multiplicity handled."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t

from dnalrp.evaluation.catalogue import OF_CEILING, axis_columns, metric_of
from dnalrp.evaluation.levels import NUCLEOTIDE
from dnalrp.evaluation.resampling import (
    Resamples,
    draw_resamples,
    percentile_interval,
    resampled_means,
)
from dnalrp.evaluation.scores import where
from dnalrp.names import (
    CEILING,
    NATIVE,
    base_model,
    is_control,
    is_reference,
    is_shuffled,
)

TASK = ["dataset", "level", "map", "axis", "metric"]
COLUMNS = [
    *TASK,
    *("first_model", "first_method", "second_model", "second_method"),
    *("difference", "low", "high", "effect_size", "superiority", "p", "p_adjusted", "better"),
    *("sequences", "seeds"),
]
COMPARED_MAPS = ("split", "average", "sum", NATIVE)
SIGNIFICANCE = 0.05
FEW_SEEDS = 5
"""Fewer say too little of other trainings: verdicts are about those at hand."""
LOWEST_P = 1e-100
ROUNDING = 1e-9  # differences and spreads below this share of a score are none

Array = npt.NDArray[np.float64]


def relative_to_ceiling(values: pd.DataFrame) -> pd.DataFrame:
    """Metrics as a share of what the tokens allow: (score - chance) / (ceiling - chance).

    Chance becomes 0 and the ceiling 1, for a token model and for a model of single nucleotides,
    whose ceiling is the perfect score 1. Sequences whose ceiling is not above chance are left out.

    Parameters
    ----------
    values
        ``dataset, model, seed, method, level, map, axis, metric, id, value, chance``.

    Returns
    -------
    pandas.DataFrame
        In the same form, metric names with ``_of_ceiling``; rows of the method ``ceiling`` itself
        are left out.
    """
    told = [name for name in values["metric"].unique() if metric_of(name).of_ceiling]
    rows = values[values["metric"].isin(told) & values["chance"].notna()]
    key = ["dataset", "model", "seed", "level", "map", "metric", "id"]
    best = rows[rows["method"] == CEILING].drop_duplicates(key)[[*key, "value"]]
    rows = rows[rows["method"] != CEILING]
    ceiling = rows.merge(best, on=key, how="left", suffixes=("", "_best"))["value_best"]
    room = ceiling.fillna(1.0).to_numpy() - rows["chance"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(room > ROUNDING, (rows["value"] - rows["chance"]) / room, np.nan)
    return rows.assign(metric=rows["metric"] + OF_CEILING, value=scaled, chance=0.0)


def compare(
    values: pd.DataFrame,
    directions: Mapping[str, int],
    between_models: frozenset[str],
    *,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Compare every two methods on every metric, paired on the same sequences and seeds.

    Maps are compared that keep the sum: ``split`` and ``average`` on nucleotides; on tokens the
    token model's own with the ``sum`` of the other's. Where an axis judges one map of each method,
    as faithfulness does, it is that one: under the name of the map asked for, also where a method
    has none and its ``split`` was taken.

    The interval is a percentile bootstrap over sequences and seeds of the mean difference; of
    few seeds that differ it is too narrow. ``p`` is two-sided, over sequences and FEW_SEEDS seeds
    or more, see :func:`two_sided`; ``p_adjusted`` is Holm's, over all comparisons of a data set:
    the chance that any of its verdicts is wrong is 5 % at most. Of fewer seeds, p is over
    sequences alone, and a verdict about the mean of the trainings at hand.

    Parameters
    ----------
    values
        ``dataset, model, seed, method, level, map, axis, metric, id, value``.
    directions
        1 for metrics of which more is better, -1 for those of which less is; others are not
        compared.
    between_models
        Metrics that mean the same for every model. Others are compared within a model only.

    Returns
    -------
    pandas.DataFrame
        One row a pair. ``difference`` is the first's mean minus the second's; ``effect_size`` is
        Cohen's d of the paired differences, averaged over seeds; ``superiority`` the share of
        sequences on which the first is better, ties half. ``better`` is ``first``, ``second``, or
        ``unclear`` where the adjusted p is above 0.05 or the interval holds 0.
    """
    rows: list[dict[str, object]] = []
    for task, group in _compared_maps(values, directions).groupby(TASK, sort=True):
        names = dict(zip(TASK, task, strict=True))
        metric = str(names["metric"])
        cube, units = _cube(group)
        pairs = [
            (a, b)
            for a, b in combinations(range(len(units)), 2)
            if units[a][0] == units[b][0] or metric in between_models
        ]
        pairs = [pair for pair in pairs if _comparable(units[pair[0]], units[pair[1]])]
        if pairs:
            draws = draw_resamples(*cube.shape[:2], resamples, seed)
            results = _compare_pairs(cube, pairs, directions[metric], draws)
            for (a, b), result in zip(pairs, results, strict=True):
                first = {"first_model": units[a][0], "first_method": units[a][1]}
                second = {"second_model": units[b][0], "second_method": units[b][1]}
                rows.append({**names, **first, **second, **result})
    if not rows:
        return pd.DataFrame(columns=COLUMNS)
    table = pd.DataFrame(rows)
    table["p_adjusted"] = table.groupby("dataset")["p"].transform(_holm)
    table["better"] = [_verdict(row, directions[row.metric]) for row in table.itertuples()]
    return table[COLUMNS]


def _compared_maps(values: pd.DataFrame, directions: Mapping[str, int]) -> pd.DataFrame:
    """Rows of the metrics and the maps that methods are compared on, maps named alike."""
    wanted = values[values["metric"].isin(directions) & ~where(values["method"], is_reference)]
    of_one_map = {column for column, axis in axis_columns().items() if axis.one_map}
    only = wanted["axis"].isin(of_one_map) & (wanted["level"] == NUCLEOTIDE)
    asked = next((name for name in wanted["map"][only] if name != "split"), "split")
    wanted = wanted.assign(map=wanted["map"].mask(only, asked))
    wanted = wanted[only | wanted["map"].isin(COMPARED_MAPS)]
    # on tokens, what is native to one model is the sum over each token for the other
    return wanted.assign(map=wanted["map"].replace(NATIVE, "sum"))


def is_rival(method: str) -> bool:
    """May the name be said to be better than others? No control is, and no reference."""
    return not (is_control(method) or is_reference(method))


def _cube(group: pd.DataFrame) -> tuple[Array, list[tuple[str, str]]]:
    """Values as (seeds, sequences, units), NaN where absent, and the units: model, method."""
    key = ["seed", "id", "model", "method"]
    wide = group.set_index(key)["value"].unstack(["model", "method"])
    wide = wide.dropna(axis=1, how="all")
    seeds = wide.index.get_level_values("seed").unique()
    ids = wide.index.get_level_values("id").unique()
    full = wide.reindex(pd.MultiIndex.from_product([seeds, ids]))
    units = [(str(model), str(method)) for model, method in wide.columns]
    return full.to_numpy(dtype=float).reshape(len(seeds), len(ids), len(units)), units


def _comparable(first: tuple[str, str], second: tuple[str, str]) -> bool:
    """Controls are compared with the methods, and with the model, that they are controls of."""
    (model, method), (other_model, other_method) = first, second
    if model == other_model:
        return True
    if base_model(model) == base_model(other_model):
        return method == other_method
    shuffled = is_shuffled(model) or is_shuffled(other_model)
    return not shuffled and not (is_control(method) or is_control(other_method))


def _compare_pairs(
    cube: Array, pairs: list[tuple[int, int]], direction: int, draws: Resamples
) -> list[dict[str, object]]:
    first, second = (list(side) for side in zip(*pairs, strict=True))
    difference = cube[:, :, first] - cube[:, :, second]
    means = resampled_means(difference, draws)
    chances = two_sided(difference)
    return [
        _compare_pair(difference[:, :, column], direction, means[:, [column]])
        | {"p": float(chances[column])}
        for column in range(len(pairs))
    ]


def _compare_pair(difference: Array, direction: int, means: Array) -> dict[str, object]:
    """Numbers of one pair, from its differences (seeds, sequences) and their resampled means."""
    per_sequence = difference[:, ~np.isnan(difference).all(axis=0)]
    per_sequence = np.nanmean(per_sequence, axis=0) if per_sequence.size else np.empty(0)
    count = len(per_sequence)
    low, high = percentile_interval(means) if count > 1 else ([np.nan], [np.nan])
    mean = float(np.nanmean(difference)) if count else np.nan
    scatter = per_sequence.std(ddof=1) if count > 1 else 0.0
    wins = direction * per_sequence
    return {
        "difference": mean,
        "low": float(low[0]),
        "high": float(high[0]),
        "effect_size": mean / scatter if scatter > ROUNDING * abs(mean) else np.nan,
        "superiority": float(((wins > 0) + 0.5 * (wins == 0)).mean()) if count else np.nan,
        "sequences": count,
        "seeds": int((~np.isnan(difference).all(axis=1)).sum()),
    }


def two_sided(difference: Array) -> Array:
    """p-value of a mean difference of 0, where seeds and sequences are random.

    Of fewer than FEW_SEEDS seeds it is Student's t over sequences, each averaged over seeds: it
    is about these trainings. Else the mean has a variance ``V1`` over sequences, each averaged
    over seeds, and ``V2`` over seeds, each averaged over sequences. It is significant at a level
    where its square exceeds ``t1^2 V1 + t2^2 V2``, with Student's quantiles at that level: that
    errs no more often than the level says, however few seeds there are (Banerjee, Sankhya 1960).
    p is the lowest such level. Of equal differences, which have no error, it is
    2^(1 - sequences), all that their signs can say: else two of them would be certain.

    Parameters
    ----------
    difference
        (seeds, sequences, pairs), NaN where undefined.

    Returns
    -------
    (pairs,); NaN for less than two sequences.
    """
    known = np.ma.masked_invalid(difference)
    square = known.mean(axis=(0, 1)).filled(np.nan) ** 2
    by_sequence, by_seed = known.mean(axis=0), known.mean(axis=1)
    counts = [np.ma.count(means, axis=0) for means in (by_sequence, by_seed)]
    errors = [
        (means.var(axis=0, ddof=1) / count).filled(0.0)
        for means, count in zip((by_sequence, by_seed), counts, strict=True)
    ]
    errors[1] = np.where(counts[1] < FEW_SEEDS, 0.0, errors[1])
    low, high = (np.full(len(square), np.log(level)) for level in (LOWEST_P, 1.0))
    for _ in range(60):  # halvings: down to rounding
        middle = (low + high) / 2
        needed = sum(
            t.isf(np.exp(middle) / 2, np.maximum(count - 1, 1)) ** 2 * error
            for count, error in zip(counts, errors, strict=True)
        )
        low, high = np.where(needed > square, middle, low), np.where(needed > square, high, middle)
    equal = errors[0] <= ROUNDING**2 * square
    p = np.where(equal, np.maximum(np.exp(high), 2.0 ** (1 - counts[0])), np.exp(high))
    p = np.where(square > 0, p, 1.0)
    return np.where(counts[0] > 1, p, np.nan)


def _holm(p: pd.Series) -> pd.Series:
    """Holm's step-down adjustment; missing values are no comparisons."""
    ordered = p.dropna().sort_values(kind="stable")
    steps = np.arange(len(ordered), 0, -1)
    return (ordered * steps).cummax().clip(upper=1.0).reindex(p.index)


def _verdict(row: object, direction: int) -> str:
    if not row.p_adjusted < SIGNIFICANCE or row.low <= 0 <= row.high:  # type: ignore[attr-defined]
        return "unclear"
    return "first" if row.difference * direction > 0 else "second"  # type: ignore[attr-defined]
