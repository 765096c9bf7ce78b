"""The published definitions as Quantus 0.6 has them (Hedström et al. 2023), where it is installed.

Maps are without ties: Quantus cuts them by position, here they count by their expectation.
"""

import numpy as np
import pytest

from dnalrp.evaluation.axes import concentration, localisation

quantus = pytest.importorskip("quantus", reason="Quantus is not installed")

QUIET = {"disable_warnings": True, "display_progressbar": False}
COUNT, LENGTH = 20, 60


def maps_and_masks():
    rng = np.random.default_rng(0)
    masks = rng.random((COUNT, LENGTH)) < 0.2
    masks[:, 0], masks[:, 1] = True, False
    return rng.normal(size=masks.shape), masks


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("auroc", "AUC"),
        ("rank_accuracy", "RelevanceRankAccuracy"),
        ("pointing_game", "PointingGame"),
    ],
)
def test_localisation_agrees(name, theirs):
    relevance, masks = maps_and_masks()
    metric = getattr(quantus, theirs)(abs=False, normalise=False, **QUIET)
    expected = metric.evaluate_batch(a_batch=relevance, s_batch=masks.astype(int))
    scores = localisation.localise(relevance, masks)[name]
    assert scores == pytest.approx(np.asarray(expected, dtype=float))


def test_mass_accuracy_agrees_on_positive_maps():
    relevance, masks = maps_and_masks()
    positive = np.maximum(relevance, 0)
    metric = quantus.RelevanceMassAccuracy(abs=False, normalise=False, **QUIET)
    expected = metric.evaluate_batch(a_batch=positive, s_batch=masks.astype(int))
    scores = localisation.localise(relevance, masks)["mass_accuracy"]
    assert scores == pytest.approx(np.asarray(expected, dtype=float))


def test_sparsity_and_complexity_agree():
    relevance = np.abs(maps_and_masks()[0])
    scores = concentration.concentrate(relevance)
    gini = quantus.Sparseness(abs=False, normalise=False, **QUIET)
    expected = gini.evaluate_batch(x_batch=relevance, a_batch=relevance.copy())
    assert scores["gini"] == pytest.approx(np.asarray(expected, dtype=float))
    entropy = quantus.Complexity(abs=False, normalise=False, **QUIET)
    expected = entropy.evaluate_batch(x_batch=relevance, a_batch=relevance.copy())
    # theirs is in nats, ours a share of what equal values would have
    assert scores["entropy"] * np.log(LENGTH) == pytest.approx(np.asarray(expected, dtype=float))
