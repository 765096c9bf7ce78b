"""Relevance is turned so that it speaks for a sequence's own class."""

import numpy as np
import pytest

from dnalrp.evaluation.orientation import orientation, oriented


def test_of_two_classes_the_label_decides_whatever_is_called():
    logits = np.array([[3.0, 0.0], [0.0, 3.0], [3.0, 0.0], [0.0, 3.0]])
    assert orientation(np.array([0, 0, 1, 1]), logits).tolist() == [-1, -1, 1, 1]


def test_of_more_classes_it_is_whether_the_call_is_right():
    logits = np.array([[3.0, 0.0, 1.0], [0.0, 3.0, 1.0], [0.0, 3.0, 4.0]])
    assert orientation(np.array([0, 2, 2]), logits).tolist() == [1, -1, 1]


@pytest.mark.parametrize("method", ["saliency", "attention_rollout", "saliency_randomised"])
def test_a_map_without_a_sign_is_not_turned(method):
    maps, signs = np.array([[0.0, 2.0], [0.0, 2.0]]), np.array([1, -1])
    assert oriented(method, maps, signs).tolist() == [[0, 2], [0, 2]]
    assert oriented("attnlrp_randomised", maps, signs).tolist() == [[0, 2], [0, -2]]
