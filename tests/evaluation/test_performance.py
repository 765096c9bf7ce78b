"""Performance of two classes, of more, and of labels that are independent."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from scipy.stats import norm
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    matthews_corrcoef,
    roc_auc_score,
)

from dnalrp.evaluation.summary import with_auroc_intervals
from dnalrp.performance import auroc_interval, performance


def test_margins_and_logits_of_two_classes_are_the_same():
    rng = np.random.default_rng(0)
    labels, logits = rng.integers(0, 2, 50), rng.normal(size=(50, 2))
    assert performance(labels, logits) == performance(labels, logits[:, 1] - logits[:, 0])


def test_two_classes_by_hand():
    scores = performance(np.array([0, 0, 1, 1]), np.array([-1.0, 2.0, 1.0, 3.0]))
    assert scores["auroc"] == pytest.approx(3 / 4)
    assert scores["accuracy"] == pytest.approx(3 / 4)
    assert scores["mcc"] == pytest.approx((2 * 1 - 1 * 0) / np.sqrt(3 * 2 * 2 * 1))


def test_more_classes_are_one_versus_rest():
    rng = np.random.default_rng(1)
    labels, logits = rng.integers(0, 4, 200), rng.normal(size=(200, 4))
    logits[np.arange(200), labels] += 1
    scores = performance(labels, logits)
    chances = softmax(logits, axis=1)
    expected = roc_auc_score(labels, chances, multi_class="ovr", average="macro")
    assert scores["auroc"] == pytest.approx(expected)
    assert scores["auprc"] == pytest.approx(
        average_precision_score(np.eye(4)[labels], chances, average="macro")
    )
    assert scores["mcc"] == pytest.approx(matthews_corrcoef(labels, logits.argmax(axis=1)))
    assert scores["accuracy"] == pytest.approx(accuracy_score(labels, logits.argmax(axis=1)))


def test_a_class_that_no_sequence_has_is_left_out_of_the_mean():
    labels, logits = (
        np.array([0, 1, 0, 1]),
        np.array([[2.0, 1, 0], [1, 2, 0], [3, 0, 1], [0, 1, 5]]),
    )
    ranks = softmax(logits, axis=1)
    expected = [roc_auc_score(labels == k, ranks[:, k]) for k in (0, 1)]
    assert performance(labels, logits)["auroc"] == pytest.approx(np.mean(expected))


def test_one_class_alone_has_no_ranking():
    assert np.isnan(performance(np.array([1, 1]), np.array([0.5, -0.5]))["auroc"])


def test_independent_labels_are_averaged():
    rng = np.random.default_rng(2)
    labels, logits = rng.integers(0, 2, (60, 3)), rng.normal(size=(60, 3))
    scores = performance(labels, logits)
    each = [performance(labels[:, k], logits[:, k]) for k in range(3)]
    for metric in ("auroc", "auprc", "mcc", "accuracy"):
        assert scores[metric] == pytest.approx(np.mean([own[metric] for own in each]))


def test_intervals_of_an_auroc_hold_the_true_one_as_often_as_they_say():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [30, 12])
    scores = rng.normal(size=(1000, 42)) + labels  # two normal distributions, 1 apart
    true = norm.cdf(1 / np.sqrt(2))
    ends = [auroc_interval(roc_auc_score(labels, row), 12, 30) for row in scores]
    covered = np.mean([low <= true <= high for low, high in ends])
    assert 0.93 < covered < 0.98


def test_intervals_of_an_auroc_at_its_bounds_and_of_the_other_class():
    low, high = auroc_interval(1.0, 12, 12)
    assert 0.7 < low < 0.95 and high == 1.0
    assert auroc_interval(0.0, 12, 12) == pytest.approx((0.0, 1 - low))
    one, other = auroc_interval(0.8, 12, 30), auroc_interval(0.2, 30, 12)
    assert one == pytest.approx((1 - other[1], 1 - other[0]))
    assert np.isnan(auroc_interval(np.nan, 12, 30)).all()
    assert np.isnan(auroc_interval(0.5, 0, 30)).all()


def test_the_table_of_performance_has_intervals_for_two_classes_only():
    two = pd.DataFrame({"label": [0, 1, 0, 1, 1], "split": ["dev"] * 4 + ["test"]})
    three = pd.DataFrame({"label": [0, 1, 2], "split": "dev"})
    rows = [("two", "dev", 0.75), ("two", "test", np.nan), ("three", "dev", 0.75)]
    table = pd.DataFrame(rows, columns=["dataset", "split", "auroc"])
    found = with_auroc_intervals(table, {"two": two, "three": three})
    assert found.columns.tolist() == ["dataset", "split", "auroc", "auroc_low", "auroc_high"]
    assert tuple(found.loc[0, ["auroc_low", "auroc_high"]]) == auroc_interval(0.75, 2, 2)
    assert found.loc[1:, ["auroc_low", "auroc_high"]].isna().all(axis=None)
