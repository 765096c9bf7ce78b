"""Metrics on cases worked by hand, on maps whose score is known, and against slow versions."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from dnalrp.evaluation import concentration, localisation, similarity
from dnalrp.evaluation.faithfulness import Perturbation, replacement_curves
from dnalrp.evaluation.summary import bootstrap_means, summarise

MASK = np.array([0, 0, 1, 1, 0, 0, 0, 0], dtype=bool)
PERFECT = MASK.astype(float)


@st.composite
def small_maps(draw):
    """Few values, so that ties abound, and a mask that is neither empty nor full."""
    values = draw(st.lists(st.integers(-2, 2), min_size=3, max_size=6))
    mask = draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
    mask[0], mask[1] = True, False
    return np.array(values, dtype=float), np.array(mask)


def over_tie_orders(relevance, mask, score):
    """Mean of a score for untied maps over all orders of tied values."""
    falling = [
        order
        for order in itertools.permutations(range(len(relevance)))
        if all(relevance[a] >= relevance[b] for a, b in itertools.pairwise(order))
    ]
    return np.mean([score(mask[list(order)]) for order in falling])


@settings(deadline=None, max_examples=60)
@given(small_maps())
def test_tied_metrics_are_expectations_over_tie_orders(case):
    relevance, mask = case
    n, true = len(mask), int(mask.sum())
    falling = -np.arange(n)
    slow = {
        "auroc": lambda hits: roc_auc_score(hits, falling),
        "auprc": lambda hits: average_precision_score(hits, falling),
        "rank_accuracy": lambda hits: hits[:true].mean(),
        "pointing_game": lambda hits: hits[0],
    }
    for metric, score in slow.items():
        expected = over_tie_orders(relevance, mask, score)
        assert localisation.localise(relevance, mask)[metric] == pytest.approx(expected)


@pytest.mark.parametrize("metric", localisation.chance_levels(MASK))
def test_perfect_map_scores_one(metric):
    assert localisation.localise(PERFECT, MASK)[metric] == 1.0


@pytest.mark.parametrize("metric", localisation.chance_levels(MASK))
def test_constant_map_scores_the_chance_level(metric):
    score = localisation.localise(np.full(8, 0.3), MASK)[metric]
    assert score == pytest.approx(localisation.chance_levels(MASK)[metric])


@pytest.mark.parametrize("metric", localisation.chance_levels(MASK))
def test_random_maps_score_the_chance_level_on_average(metric):
    rng = np.random.default_rng(0)
    mask = np.zeros(200, dtype=bool)
    mask[50:70] = True
    scores = [localisation.localise(rng.normal(size=200), mask)[metric] for _ in range(400)]
    error = np.std(scores) / np.sqrt(400)
    assert np.mean(scores) == pytest.approx(localisation.chance_levels(mask)[metric], abs=4 * error)


def test_inverted_map_scores_zero():
    assert localisation.auroc(-PERFECT, MASK) == 0.0
    assert localisation.rank_accuracy(-PERFECT, MASK) == 0.0
    assert localisation.pointing_game(-PERFECT, MASK) == 0.0


def test_mass_accuracy_by_hand():
    relevance = np.array([1.0, -5, 2, 1, 0, 0, 0, 1])
    assert localisation.mass_accuracy(relevance, MASK) == pytest.approx(3 / 5)
    assert np.isnan(localisation.mass_accuracy(-np.ones(8), MASK))


def test_token_ceiling_is_perfect_only_where_tokens_fit_the_site():
    fitting = np.array([[0, 0], [0, 2], [2, 4], [4, 8], [0, 0]])
    wide = np.array([[0, 0], [0, 3], [3, 8], [0, 0]])
    assert localisation.auroc(localisation.token_ceiling(MASK, fitting), MASK) == 1.0
    ceiling = localisation.token_ceiling(MASK, wide)
    assert ceiling == pytest.approx([1 / 3] * 3 + [1 / 5] * 5)
    assert localisation.auroc(ceiling, MASK) < 1.0


def test_gini_entropy_and_effective_size_at_their_ends():
    one, even = np.array([0.0, 0, -3, 0]), np.array([1.0, -1, 1, -1])
    assert concentration.gini(one) == pytest.approx(3 / 4)
    assert concentration.gini(even) == pytest.approx(0)
    assert concentration.entropy(one) == pytest.approx(0)
    assert concentration.entropy(even) == pytest.approx(1)
    assert concentration.effective_size(one) == 0.25
    assert concentration.effective_size(even) == 1.0
    assert concentration.effective_size(np.ones(10)) == 0.9


@pytest.mark.parametrize("metric", concentration.METRICS.values())
def test_map_of_zeros_has_no_concentration(metric):
    assert np.isnan(metric(np.zeros(5)))


def test_similarity_of_equal_and_opposite_maps():
    x = np.random.default_rng(0).normal(size=100)
    assert [similarity.cosine(x, x), similarity.spearman(x, x)] == pytest.approx([1, 1])
    assert [similarity.cosine(x, -x), similarity.spearman(x, -x)] == pytest.approx([-1, -1])
    assert similarity.jaccard(x, x) == 1
    assert similarity.jaccard(x, -x) == 0
    assert similarity.spearman(x, np.exp(x)) == pytest.approx(1)
    assert np.isnan(similarity.spearman(x, np.zeros(100)))


def test_faithfulness_prefers_the_order_that_the_model_follows():
    # the model counts G in the first half
    def predict(sequences):
        return np.array([s[: len(s) // 2].count("G") for s in sequences], dtype=float)

    sequences = ["G" * 20, "GA" * 10, "C" * 20]
    names = ["a", "b", "c"]
    true = np.array([[float(c == "G" and i < 10) for i, c in enumerate(s)] for s in sequences])
    perturbation = Perturbation([0.1, 0.3, 0.5], draws=20, frequencies=[0.25] * 4, seed=1)

    def score(relevance):
        curves = replacement_curves(predict, names, sequences, relevance, perturbation)
        return curves.faithfulness()

    noise = np.random.default_rng(0).normal(size=true.shape)
    assert (score(true)[:2] > 1).all()
    assert score(-true) == pytest.approx(-score(true), abs=0.6)
    for uninformed in (noise, np.zeros_like(true)):
        assert abs(score(uninformed)[:2]).max() < score(true)[:2].min()


def test_replacement_draws_do_not_depend_on_other_sequences():
    seen = []

    def predict(sequences):
        seen.append(list(sequences))
        return np.zeros(len(sequences))

    perturbation = Perturbation([0.5], draws=2, frequencies=[0.25] * 4, seed=1)
    maps = np.arange(24.0).reshape(2, 12)
    replacement_curves(predict, ["a", "b"], ["ACGTACGTACGT"] * 2, maps, perturbation)
    replacement_curves(predict, ["b"], ["ACGTACGTACGT"], maps[1:], perturbation)
    assert seen[0][2:] == seen[2] and seen[1][2:] == seen[3]


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
            "chance": np.nan,
        }
    )
    (row,) = summarise(values, 200, seed=0).itertuples()
    assert row.mean == pytest.approx(0.3)
    assert (row.sequences, row.undefined) == (2, 1)
