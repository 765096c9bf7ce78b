"""From the values of all models and data sets to the tables of a run."""

from typing import NamedTuple

import pandas as pd

from dnalrp.evaluation.catalogue import direction_of, metric_of
from dnalrp.evaluation.comparison import compare, relative_to_ceiling
from dnalrp.evaluation.controls import discriminating
from dnalrp.evaluation.summary import of_single_models, summarise, summarise_over_seeds


class Tables(NamedTuple):
    """What a run says of its explanations.

    ``metrics`` has the mean of every metric for every map, seed by seed, ``overall`` over seeds;
    ``comparisons`` hold every two methods against each other, ``controls`` every metric against
    what knows nothing.
    """

    metrics: pd.DataFrame
    overall: pd.DataFrame
    comparisons: pd.DataFrame
    controls: pd.DataFrame


def make_tables(values: pd.DataFrame, *, resamples: int, seed: int) -> Tables:
    """Means with intervals, comparisons and controls.

    Parameters
    ----------
    values
        ``dataset, model, seed, method, level, map, axis, metric, id, value, chance``.
    resamples, seed
        Of the bootstrap.
    """
    metrics = summarise(values, resamples, seed)
    single = of_single_models(pd.concat([values, relative_to_ceiling(values)], ignore_index=True))
    names = [str(name) for name in single["metric"].unique()]
    directions = {name: sign for name in names if (sign := direction_of(name))}
    alike = frozenset(name for name in directions if metric_of(name).between_models)
    return Tables(
        metrics=metrics,
        overall=summarise_over_seeds(single, resamples, seed),
        comparisons=compare(single, directions, alike, resamples=resamples, seed=seed),
        controls=discriminating(metrics),
    )
