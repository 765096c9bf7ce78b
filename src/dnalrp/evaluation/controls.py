"""Which metrics can be believed: those that put the controls at their chance level.

Controls are maps that cannot know anything: random ones, those of a model with new random
parameters (Adebayo et al., NeurIPS 2018), and those of a model trained on shuffled labels. A
metric that scores them above or below chance measures something else than knowledge: the shape
of the maps, the tokens, the composition of the sequences.
"""

import numpy as np
import pandas as pd
from scipy.stats import norm

from dnalrp.evaluation.catalogue import axis_columns
from dnalrp.evaluation.scores import where
from dnalrp.names import CEILING, RANDOM, is_pair, is_randomised, is_shuffled

MARGIN = 0.02
METRIC = ["axis", "metric", "level", "map"]
SCORE = ["mean", "low", "high", "chance"]
DISCRIMINATING, NOT_DISCRIMINATING = "discriminating", "not discriminating"


def discriminating(summary: pd.DataFrame, margin: float = MARGIN) -> pd.DataFrame:
    """Whether each metric with a chance level puts each kind of control there.

    A control is at chance where its interval holds the chance level or its mean is within
    ``margin`` of it. A metric with a control that is not, is marked. Of many controls one in
    twenty would miss by luck alone, so their intervals are widened for the number that the metric
    has (Bonferroni). The margin is for levels that are known to that accuracy; it is in the
    metric's own units, so next to nothing for faithfulness. Maps that are the same for several
    models or seeds, as those that nothing learnt has touched, count once.
    Controls without an interval, as of one sequence, say nothing and are left out.

    Parameters
    ----------
    summary
        ``dataset, model, seed, method, level, map, axis, metric, mean, low, high, chance`` and
        others, as :func:`dnalrp.evaluation.summary.summarise` makes it.

    Returns
    -------
    pandas.DataFrame
        A row a metric and kind of control: ``axis, metric, level, map, control, explanations,
        at_chance, furthest, which, mean, low, high, chance, verdict``. ``explanations`` counts the
        different controls, by data set, model, method and seed, ``at_chance`` those at chance;
        ``furthest`` is the largest mean less chance, with its sign, of those that miss it, or
        else of all. ``which`` names that one, ``mean`` to ``chance`` are its own. ``verdict`` is
        that of the metric, over all kinds of control.
    """
    rows = summary[summary[["chance", "mean", "low", "high"]].notna().all(axis=1)]
    rows = rows[~where(rows["method"], is_pair)]
    rows = rows.assign(control=_kind_of_control(rows))
    rows = rows[rows["control"] != ""].copy()
    rows["off"] = rows["mean"] - rows["chance"]
    same = [*METRIC, "control", "dataset", "method", *SCORE]
    rows = rows[~rows.duplicated(same) | (rows["control"] == "shuffled labels")]
    count = rows.groupby(METRIC)["off"].transform("size")
    wider = norm.isf(0.025 / count) / norm.isf(0.025)
    side = (rows["mean"] - rows["low"]).where(rows["off"] > 0, rows["high"] - rows["mean"])
    rows["at_chance"] = rows["off"].abs() <= np.maximum(wider * side, margin)
    names = rows[["dataset", "model", "seed", "method"]]
    rows["which"] = [", ".join(name) for name in names.itertuples(index=False)]
    key = [*METRIC, "control"]
    counts = rows.groupby(key)["at_chance"].agg(explanations="size", at_chance="sum")
    ordered = rows.assign(distance=-rows["off"].abs()).sort_values(["at_chance", "distance"])
    worst = ordered.drop_duplicates(key).rename(columns={"off": "furthest"}).set_index(key)
    table = counts.join(worst[["furthest", "which", *SCORE]]).reset_index()
    missed = table["at_chance"] < table["explanations"]
    marked = missed.groupby([table[key] for key in METRIC]).transform("any")
    return table.assign(verdict=marked.map({True: NOT_DISCRIMINATING, False: DISCRIMINATING}))


def _kind_of_control(rows: pd.DataFrame) -> pd.Series:
    """What makes each row a control, '' where nothing does."""
    kind = pd.Series("", index=rows.index)
    against = {column: axis.against for column, axis in axis_columns().items()}
    asked = rows["axis"].map(against)
    # maps of a model that learnt nothing may still be faithful to it, and steady
    kind[where(rows["model"], is_shuffled) & (asked == "truth")] = "shuffled labels"
    of_the_model = asked.isin(["truth", "model"])
    kind[where(rows["method"], is_randomised) & of_the_model] = "randomised parameters"
    kind[rows["method"] == RANDOM] = "random maps"
    kind[rows["method"] == CEILING] = ""
    return kind
