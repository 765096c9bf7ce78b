"""Long form, means with intervals, and what is a seed of a model."""

import numpy as np
import pandas as pd
import pytest

from dnalrp.evaluation.controls import discriminating
from dnalrp.evaluation.scores import Scores, long_form
from dnalrp.evaluation.summary import (
    bootstrap_means,
    of_single_models,
    summarise,
    summarise_over_seeds,
)


def summary_rows(*rows):
    """``model, seed, method, value``, one sequence each."""
    table = pd.DataFrame(rows, columns=["model", "seed", "method", "value"])
    place = {"dataset": "d", "level": "nucleotide", "map": "split", "axis": "similarity"}
    return table.assign(**place, metric="cosine", id="a", chance=0.0)


def test_rows_between_seeds_or_models_are_summed_up_but_are_no_seed_of_a_model():
    values = summary_rows(
        ("net", "seed1", "a~b", 0.2),
        ("net", "seed2", "a~b", 0.4),
        ("net", "between_seeds", "seed1:a~seed2:a", 0.9),
        ("between_models", "seed1", "net:a~cnn:a", 0.7),
    )
    assert len(summarise(values, 100, seed=0)) == 4
    (row,) = summarise_over_seeds(of_single_models(values), 100, seed=0).itertuples()
    assert (row.method, row.mean, row.seeds) == ("a~b", pytest.approx(0.3), 2)
    assert discriminating(summarise(values, 100, seed=0)).empty


def test_long_form_has_one_row_a_sequence():
    scores = [
        Scores(
            method="m",
            level="token",
            map="sum",
            axis="similarity",
            metric="cosine",
            ids=["a", "b"],
            values=np.array([1.0, 2.0]),
            chance=0.5,
        ),
        Scores(
            method="n",
            level="token",
            map="sum",
            axis="sparsity",
            metric="gini",
            ids=["c"],
            values=np.array([3.0]),
        ),
    ]
    table = long_form(scores)
    assert table["id"].tolist() == ["a", "b", "c"]
    assert table["method"].tolist() == ["m", "m", "n"]
    assert table["chance"].fillna(-1).tolist() == [0.5, 0.5, -1]
    empty = long_form([])
    assert (empty.dtypes == table.dtypes).all()


def test_bootstrap_interval_covers_the_mean():
    values = np.random.default_rng(3).normal(loc=2, size=400)
    ((mean, low, high),) = bootstrap_means(values[None], 500, seed=0)
    assert low < mean < high
    assert (high - low) / 2 == pytest.approx(1.96 / 20, rel=0.2)


def test_summary_counts_undefined_values():
    values = pd.DataFrame(
        {
            "dataset": "d",
            "model": "m",
            "seed": "seed1",
            "method": "x",
            "level": "nucleotide",
            "map": "split",
            "axis": "sparsity",
            "metric": "gini",
            "id": ["a", "b", "c"],
            "value": [0.2, np.nan, 0.4],
            "chance": [0.1, 0.9, 0.3],
        }
    )
    (row,) = summarise(values, 200, seed=0).itertuples()
    assert row.mean == pytest.approx(0.3)
    assert (row.sequences, row.undefined) == (2, 1)
    (over_seeds,) = summarise_over_seeds(values, 200, seed=0).itertuples()
    assert row.chance == over_seeds.chance == pytest.approx(0.2)  # of the sequences in the mean
