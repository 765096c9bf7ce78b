"""Concentration and similarity on cases worked by hand, and against slow versions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from scoring import compared, concentrated, small_maps

from dnalrp.attribution.maps import RelevanceMaps, nucleotide_spans
from dnalrp.evaluation.axes import similarity


def stored(relevance):
    """Maps of two sequences x and y, of 30 and of 20 nucleotides, as from a file."""
    lengths = np.array([30, 20])
    return RelevanceMaps(
        ids=["x", "y"],
        lengths=lengths,
        relevance=[row[:length] for row, length in zip(relevance, lengths, strict=True)],
        spans=nucleotide_spans(lengths),
        outputs=np.zeros(2),
        logits=np.empty((2, 0)),
    )


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
    for card in similarity.METRICS:
        scores, level = card.score(*ready), card.chance_level
        level = np.mean(level(np.full(2000, 60))) if callable(level) else level
        error = scores.std() / np.sqrt(2000)
        assert scores.mean() == pytest.approx(level, abs=4 * error)


def test_models_are_compared_pair_by_pair_without_their_random_maps():
    rng = np.random.default_rng(0)
    maps = {
        model: {method: stored(rng.normal(size=(2, 30))) for method in methods}
        for model, methods in {"a": ["m", "random"], "b": ["m", "n"], "c": []}.items()
    }
    table = similarity.compare_models(maps, "token", "sum")
    assert set(table["method"]) == {"a:m~b:m", "a:m~b:n"}
    assert len(table) == 2 * 2 * 3
    assert set(table["level"]) == {"token"} and set(table["map"]) == {"sum"}
    y = table.set_index(["method", "metric", "id"]).loc[("a:m~b:m", "cosine", "y"), "value"]
    first, second = (maps[model]["m"].relevance[1] for model in "ab")
    assert y == pytest.approx(compared(first, second)["cosine"])
    assert similarity.compare_models({"a": maps["a"]}).empty


def test_seeds_are_compared_method_by_method_without_their_random_maps():
    rng = np.random.default_rng(0)
    relevance = {seed: rng.normal(size=(2, 30)) for seed in ("seed1", "seed2", "seed3")}
    relevance["seed2"] = -relevance["seed1"]
    maps = {
        seed: {method: stored(own) for method in ("m", "n", "random")}
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
