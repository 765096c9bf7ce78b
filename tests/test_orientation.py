"""Relevance is turned so that it speaks for a sequence's own class."""

import numpy as np

from dnalrp.evaluation.orientation import orientation


def test_of_two_classes_the_label_decides_whatever_is_called():
    logits = np.array([[3.0, 0.0], [0.0, 3.0], [3.0, 0.0], [0.0, 3.0]])
    assert orientation(np.array([0, 0, 1, 1]), logits).tolist() == [-1, -1, 1, 1]


def test_of_more_classes_it_is_whether_the_call_is_right():
    logits = np.array([[3.0, 0.0, 1.0], [0.0, 3.0, 1.0], [0.0, 3.0, 4.0]])
    assert orientation(np.array([0, 2, 2]), logits).tolist() == [1, -1, 1]
