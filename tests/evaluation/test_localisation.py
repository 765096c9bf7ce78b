"""Localisation on cases worked by hand, on maps whose score is known, and against slow versions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scoring import (
    LOCALISATION,
    MASK,
    PERFECT,
    chance,
    compared,
    concentrated,
    localised,
    over_tie_orders,
    small_maps,
)
from sklearn.metrics import average_precision_score, roc_auc_score

from dnalrp.evaluation.axes import concentration, localisation, similarity
from dnalrp.evaluation.truth import token_ceiling, token_mask
from dnalrp.projection import real_tokens, to_nucleotides, to_tokens


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
    together |= {card.name: card.score(*ready) for card in similarity.METRICS}
    for row, (own, own_mask) in enumerate(cases):
        alone = localised(own, own_mask) | concentrated(own) | compared(own, own**3 + own)
        for name, score in alone.items():
            assert together[name][row] == pytest.approx(score, nan_ok=True), name


def test_token_ceiling_is_perfect_only_where_tokens_fit_the_site():
    fitting = np.array([[0, 0], [0, 2], [2, 4], [4, 8], [0, 0]])
    wide = np.array([[0, 0], [0, 3], [3, 8], [0, 0]])
    masks = np.stack([MASK, MASK])
    ceiling = token_ceiling(masks, real_tokens([fitting, wide]))
    scores = localisation.localise(ceiling, masks)
    assert scores["auroc"][0] == 1.0
    assert ceiling[1] == pytest.approx([1 / 3] * 3 + [1 / 5] * 5)
    assert scores["auroc"][1] < 1.0


def kmers(length, width):
    """Spans of overlapping k-mers, as DNABERT reads them, between two special tokens."""
    starts = np.arange(length - width + 1)
    return np.stack([[0, *starts, 0], [0, *starts + width, 0]], axis=1)


def test_token_ceiling_of_overlapping_tokens_is_the_truth_itself():
    ceiling = token_ceiling(np.stack([MASK, ~MASK]), real_tokens([kmers(8, 3)] * 2))
    assert ceiling.tolist() == [MASK.tolist(), (~MASK).tolist()]
    side_by_side = [np.array([[0, 8]]), np.array([[0, 4], [4, 8]])]  # of two sequences: no overlap
    assert token_ceiling(np.stack([MASK, MASK]), real_tokens(side_by_side))[0, 0] < 1


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
    true = token_mask(np.stack([MASK, MASK]), real_tokens(spans))
    assert true.tolist() == [[False, True, False, False], [False, False, False, False]]
    any_base = token_mask(np.stack([MASK, MASK]), real_tokens(spans), share=0)
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
