"""Metrics on cases worked by hand, on maps whose score is known, and against slow versions."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.stats import spearmanr
from sklearn.metrics import average_precision_score, roc_auc_score

from dnalrp.evaluation import concentration, localisation, similarity
from dnalrp.evaluation.controls import discriminating
from dnalrp.evaluation.metrics import METRICS, Scores, long_form, metric_of
from dnalrp.evaluation.summary import (
    bootstrap_means,
    of_single_models,
    summarise,
    summarise_over_seeds,
)
from dnalrp.projection import real_tokens, to_nucleotides, to_tokens

MASK = np.array([0, 0, 1, 1, 0, 0, 0, 0], dtype=bool)
PERFECT = MASK.astype(float)
LOCALISATION = ["auroc", "auprc", "mass_accuracy", "rank_accuracy", "pointing_game"]


def localised(relevance, mask, weights=None):
    """Scores of one map."""
    rows = None if weights is None else weights[None]
    return {
        k: v[0] for k, v in localisation.localise(relevance[None], mask[None], None, rows).items()
    }


def chance(mask):
    return {name: values[0] for name, values in localisation.chance_levels(mask[None]).items()}


def concentrated(relevance):
    return {name: values[0] for name, values in concentration.concentrate(relevance[None]).items()}


def compared(first, second):
    both = similarity.comparable(first[None]), similarity.comparable(second[None])
    return {name: metric(*both)[0] for name, metric in similarity.METRICS.items()}


@st.composite
def small_maps(draw):
    """Few values, so that ties abound, and a mask that is neither empty nor full."""
    values = draw(st.lists(st.integers(-2, 2), min_size=3, max_size=6))
    mask = draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
    mask[0], mask[1] = True, False
    return np.array(values, dtype=float), np.array(mask)


def over_tie_orders(relevance, score):
    """Mean of a score of an order over all orders of tied values."""
    falling = [
        list(order)
        for order in itertools.permutations(range(len(relevance)))
        if all(relevance[a] >= relevance[b] for a, b in itertools.pairwise(order))
    ]
    return np.mean([score(order) for order in falling])


@settings(deadline=None, max_examples=60)
@given(small_maps())
def test_tied_metrics_are_expectations_over_tie_orders(case):
    relevance, mask = case
    n, true = len(mask), int(mask.sum())
    falling = -np.arange(n)
    slow = {
        "auroc": lambda order: roc_auc_score(mask[order], falling),
        "auprc": lambda order: average_precision_score(mask[order], falling),
        "rank_accuracy": lambda order: mask[order][:true].mean(),
        "pointing_game": lambda order: mask[order][0],
    }
    for metric, score in slow.items():
        expected = over_tie_orders(relevance, score)
        assert localised(relevance, mask)[metric] == pytest.approx(expected)


@settings(deadline=None, max_examples=60)
@given(small_maps())
def test_weighted_metrics_are_weighted_means_over_true_positions(case):
    relevance, mask = case
    weights = np.where(mask, np.arange(len(mask)) + 0.5, 7.0)

    def weighted_auroc(order):
        hits, own = mask[order], weights[order]
        below = [(~hits[i:]).mean() * len(hits[i:]) / (~hits).sum() for i in range(len(hits))]
        return np.average(np.array(below)[hits], weights=own[hits])

    def weighted_precision(order):
        hits, own = mask[order], weights[order]
        precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
        return np.average(precision[hits], weights=own[hits])

    scores = localised(relevance, mask, weights)
    auroc, auprc = (
        over_tie_orders(relevance, weighted_auroc),
        over_tie_orders(relevance, weighted_precision),
    )
    assert scores["auroc_by_information"] == pytest.approx(auroc)
    assert scores["auprc_by_information"] == pytest.approx(auprc)


@pytest.mark.parametrize("metric", LOCALISATION)
def test_perfect_map_scores_one(metric):
    assert localised(PERFECT, MASK)[metric] == 1.0


@pytest.mark.parametrize("metric", LOCALISATION)
def test_constant_map_scores_the_chance_level(metric):
    score = localised(np.full(8, 0.3), MASK)[metric]
    assert score == pytest.approx(chance(MASK)[metric])


@pytest.mark.parametrize("metric", [*LOCALISATION, "auroc_by_information", "auprc_by_information"])
def test_random_maps_score_the_chance_level_on_average(metric):
    rng = np.random.default_rng(0)
    mask = np.zeros((400, 200), dtype=bool)
    mask[:, 50:70] = True
    weights = np.broadcast_to(np.linspace(0.1, 2, 200), mask.shape)
    scores = localisation.localise(rng.normal(size=mask.shape), mask, None, weights)[metric]
    error = np.std(scores) / np.sqrt(400)
    assert np.mean(scores) == pytest.approx(chance(mask[0])[metric], abs=4 * error)


def test_inverted_map_scores_zero():
    scores = localised(-PERFECT, MASK)
    assert [scores[m] for m in ("auroc", "rank_accuracy", "pointing_game")] == [0, 0, 0]


def test_mass_accuracy_by_hand():
    relevance = np.array([1.0, -5, 2, 1, 0, 0, 0, 1])
    assert localised(relevance, MASK)["mass_accuracy"] == pytest.approx(3 / 5)
    assert np.isnan(localised(-np.ones(8), MASK)["mass_accuracy"])


def test_a_map_of_zeros_localises_at_chance_and_has_no_mass():
    scores = localised(np.zeros(8), MASK)
    assert scores["auroc"] == 0.5
    assert np.isnan(scores["mass_accuracy"])


@pytest.mark.parametrize("mask", [np.zeros(8, dtype=bool), np.ones(8, dtype=bool)])
def test_localisation_is_undefined_where_nothing_or_everything_is_true(mask):
    assert all(np.isnan(score) for score in localised(np.arange(8.0), mask).values())


@settings(deadline=None, max_examples=30)
@given(st.lists(small_maps(), min_size=1, max_size=4))
def test_scores_of_many_maps_are_those_of_each_alone(cases):
    lengths = np.array([len(mask) for _, mask in cases])
    relevance, mask = np.full((len(cases), 9), 5.0), np.ones((len(cases), 9), dtype=bool)
    for row, (own, own_mask) in enumerate(cases):
        relevance[row, : len(own)], mask[row, : len(own)] = own, own_mask
    zeroed = np.where(np.arange(9) < lengths[:, None], relevance, 0)
    together = localisation.localise(relevance, mask, lengths)
    together |= concentration.concentrate(zeroed, lengths)
    ready = (
        similarity.comparable(zeroed, lengths),
        similarity.comparable(zeroed**3 + zeroed, lengths),
    )
    together |= {name: metric(*ready) for name, metric in similarity.METRICS.items()}
    for row, (own, own_mask) in enumerate(cases):
        alone = localised(own, own_mask) | concentrated(own) | compared(own, own**3 + own)
        for name, score in alone.items():
            assert together[name][row] == pytest.approx(score, nan_ok=True), name


def test_token_ceiling_is_perfect_only_where_tokens_fit_the_site():
    fitting = np.array([[0, 0], [0, 2], [2, 4], [4, 8], [0, 0]])
    wide = np.array([[0, 0], [0, 3], [3, 8], [0, 0]])
    masks = np.stack([MASK, MASK])
    ceiling = localisation.token_ceiling(masks, real_tokens([fitting, wide]))
    scores = localisation.localise(ceiling, masks)
    assert scores["auroc"][0] == 1.0
    assert ceiling[1] == pytest.approx([1 / 3] * 3 + [1 / 5] * 5)
    assert scores["auroc"][1] < 1.0


def kmers(length, width):
    """Spans of overlapping k-mers, as DNABERT reads them, between two special tokens."""
    starts = np.arange(length - width + 1)
    return np.stack([[0, *starts, 0], [0, *starts + width, 0]], axis=1)


def test_token_ceiling_of_overlapping_tokens_is_the_truth_itself():
    ceiling = localisation.token_ceiling(np.stack([MASK, ~MASK]), real_tokens([kmers(8, 3)] * 2))
    assert ceiling.tolist() == [MASK.tolist(), (~MASK).tolist()]
    side_by_side = [np.array([[0, 8]]), np.array([[0, 4], [4, 8]])]  # of two sequences: no overlap
    assert localisation.token_ceiling(np.stack([MASK, MASK]), real_tokens(side_by_side))[0, 0] < 1


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 5), st.lists(st.booleans(), min_size=12, max_size=16))
def test_overlapping_tokens_reach_their_ceiling(width, sites):
    """Some relevance of k-mers, found by linear programming, ranks every site above all else."""
    mask = np.array(sites)
    if any(mask[place::width].all() for place in range(width)) or not mask.any():
        return
    spans = kmers(len(mask), width)
    shares = np.array([to_nucleotides(row, spans, len(mask)) for row in np.eye(len(spans))])
    margins = np.where(mask, -1, 1)[:, None] * shares.T
    found = linprog(np.zeros(len(spans)), margins, -np.ones(len(mask)), bounds=(None, None))
    relevance = to_nucleotides(found.x, spans, len(mask))
    assert localised(relevance, mask)["auroc"] == 1
    assert localised(relevance, mask)["mass_accuracy"] == 1


def test_a_token_is_true_if_half_of_it_lies_in_sites():
    spans = [np.array([[0, 0], [0, 2], [2, 6], [6, 7], [7, 8], [0, 0]]), np.array([[0, 3], [3, 8]])]
    true = localisation.token_mask(np.stack([MASK, MASK]), real_tokens(spans))
    assert true.tolist() == [[False, True, False, False], [False, False, False, False]]
    any_base = localisation.token_mask(np.stack([MASK, MASK]), real_tokens(spans), share=0)
    assert any_base.tolist() == [[False, True, False, False], [True, True, False, False]]


def test_real_tokens_of_many_sequences_agree_with_one_at_a_time():
    spans = [np.array([[0, 0], [0, 3], [3, 4], [4, 8], [0, 0]]), np.array([[0, 0], [0, 5], [0, 0]])]
    masks = np.array([[1, 1, 0, 0, 1, 1, 0, 1], [1, 0, 0, 1, 0, 0, 0, 0]], dtype=bool)
    tokens = real_tokens(spans)
    for row, (own, length) in enumerate(zip(spans, (8, 5), strict=True)):
        shares = to_tokens(masks[row, :length].astype(float), own, "mean")
        assert tokens.padded(tokens.pooled(masks))[row, : len(own) - 2] == pytest.approx(
            shares[1:-1]
        )
        back = to_nucleotides(shares, own, length, "copy")
        assert tokens.copied(tokens.pooled(masks), 8)[row, :length] == pytest.approx(back)


def test_gini_entropy_and_effective_size_at_their_ends():
    one, even = concentrated(np.array([0.0, 0, -3, 0])), concentrated(np.array([1.0, -1, 1, -1]))
    assert list(one.values()) == pytest.approx([3 / 4, 0, 0.25])
    assert list(even.values()) == pytest.approx([0, 1, 1])
    assert concentrated(np.ones(10))["effective_size"] == 0.9


def test_map_of_zeros_has_no_concentration_and_no_similarity():
    assert np.isnan(list(concentrated(np.zeros(5)).values())).all()
    scores = compared(np.zeros(5), np.arange(5.0))
    assert np.isnan(list(scores.values())).all()
    assert np.isnan(list(compared(np.zeros(5), np.zeros(5)).values())).all()


def test_constant_maps_have_no_order_to_agree_on():
    padded, lengths = np.array([[2.0, 2, 2, 0]]), np.array([3])
    ready = similarity.comparable(padded, lengths)
    assert np.isnan(similarity.spearman(ready, ready)) and np.isnan(
        similarity.jaccard(ready, ready)
    )


def test_similarity_of_equal_and_opposite_maps():
    x = np.random.default_rng(0).normal(size=100)
    assert list(compared(x, x).values()) == pytest.approx([1, 1, 1])
    assert list(compared(x, -x).values()) == pytest.approx([-1, -1, 0])
    assert compared(x, np.exp(x))["spearman"] == pytest.approx(1)


@settings(deadline=None, max_examples=60)
@given(small_maps(), st.randoms())
def test_spearman_gives_ties_their_mean_rank(case, random):
    x = case[0]
    y = np.array(random.choices([0.0, 1, 2], k=len(x)))
    expected = spearmanr(x, y).statistic if np.ptp(x) and np.ptp(y) else np.nan
    assert compared(x, y)["spearman"] == pytest.approx(expected, nan_ok=True)


def test_tied_highest_positions_share_the_places_left():
    one, tied = np.zeros(20), np.zeros(20)
    one[[0, 1]] = 2, 1
    tied[[0, 1, 2, 3, 4]] = 2, 1, 1, 1, 1  # the second place is shared by four
    assert similarity.comparable(tied[None]).top[0, :6].tolist() == [1, 0.25, 0.25, 0.25, 0.25, 0]
    assert compared(one, tied)["jaccard"] == pytest.approx(1.25 / 2.75)
    assert compared(tied, tied)["jaccard"] == 1
    nearly_even = np.ones(20)
    nearly_even[19] = 0
    assert compared(one, nearly_even)["jaccard"] == pytest.approx((4 / 19) / (4 - 4 / 19))


def test_random_maps_are_similar_by_chance():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 2000, 60))
    ready = similarity.comparable(first), similarity.comparable(second)
    levels = similarity.chance_levels(np.full(2000, 60))
    for name, metric in similarity.METRICS.items():
        scores = metric(*ready)
        error = scores.std() / np.sqrt(2000)
        assert scores.mean() == pytest.approx(np.mean(levels[name]), abs=4 * error)


def test_models_are_compared_pair_by_pair_without_their_random_maps():
    from dnalrp.evaluation.maps import Maps

    rng = np.random.default_rng(0)
    ids, lengths = ["x", "y"], np.array([30, 20])
    maps = {
        model: {method: Maps(ids, lengths, rng.normal(size=(2, 30))) for method in methods}
        for model, methods in {"a": ["m", "random"], "b": ["m", "n"], "c": []}.items()
    }
    table = similarity.compare_models(maps, "token", "sum")
    assert set(table["method"]) == {"a:m~b:m", "a:m~b:n"}
    assert len(table) == 2 * 2 * 3
    assert set(table["level"]) == {"token"} and set(table["map"]) == {"sum"}
    y = table.set_index(["method", "metric", "id"]).loc[("a:m~b:m", "cosine", "y"), "value"]
    first, second = (maps[model]["m"].relevance[1, :20] for model in "ab")
    assert y == pytest.approx(compared(first, second)["cosine"])
    assert similarity.compare_models({"a": maps["a"]}).empty


def test_seeds_are_compared_method_by_method_without_their_random_maps():
    from dnalrp.evaluation.maps import Maps

    rng = np.random.default_rng(0)
    ids, lengths = ["x", "y"], np.array([30, 20])
    relevance = {seed: rng.normal(size=(2, 30)) for seed in ("seed1", "seed2", "seed3")}
    relevance["seed2"] = -relevance["seed1"]
    maps = {
        seed: {method: Maps(ids, lengths, own) for method in ("m", "n", "random")}
        for seed, own in relevance.items()
    }
    table = similarity.compare_seeds(maps)
    seeds = [("seed1", "seed2"), ("seed1", "seed3"), ("seed2", "seed3")]
    assert set(table["method"]) == {f"{a}:{m}~{b}:{m}" for a, b in seeds for m in "mn"}
    values = table.set_index(["method", "metric", "id"])["value"]
    opposite = values["seed1:m~seed2:m"]
    assert opposite["cosine"].tolist() == pytest.approx([-1, -1])
    assert opposite["jaccard"].tolist() == [0, 0]
    one, other = (relevance[seed][1, :20] for seed in ("seed1", "seed3"))
    expected = spearmanr(one, other).statistic
    assert values["seed1:n~seed3:n", "spearman", "y"] == pytest.approx(expected)
    assert similarity.compare_seeds({"seed1": maps["seed1"]}).empty


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
        Scores("m", "token", "sum", "similarity", "cosine", ["a", "b"], np.array([1.0, 2.0]), 0.5),
        Scores("n", "token", "sum", "sparsity", "gini", ["c"], np.array([3.0])),
    ]
    table = long_form(scores)
    assert table["id"].tolist() == ["a", "b", "c"]
    assert table["method"].tolist() == ["m", "m", "n"]
    assert table["chance"].fillna(-1).tolist() == [0.5, 0.5, -1]
    empty = long_form([])
    assert (empty.dtypes == table.dtypes).all()


def test_every_metric_says_how_to_read_it():
    assert all(metric.better in ("higher", "lower", "neither") for metric in METRICS.values())
    assert metric_of("randomised_1_classifier") is METRICS["randomised"]


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
