"""Between tokens and nucleotides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnalrp.projection import to_nucleotides, to_tokens

SPANS = np.array([[0, 0], [0, 3], [3, 4], [4, 8], [0, 0]])


@st.composite
def tokenised(draw):
    widths = draw(st.lists(st.integers(1, 7), min_size=1, max_size=12))
    ends = np.cumsum(widths)
    spans = np.stack([ends - widths, ends], axis=1)
    spans = np.concatenate([[[0, 0]], spans, [[0, 0]]])
    values = draw(
        st.lists(st.floats(-5, 5, allow_subnormal=False), min_size=len(spans), max_size=len(spans))
    )
    return spans, np.array(values), int(ends[-1])


def test_split_and_copy_by_hand():
    relevance = np.array([9.0, 6.0, -1.0, 2.0, 9.0])
    assert to_nucleotides(relevance, SPANS, 8, "split").tolist() == [
        2,
        2,
        2,
        -1,
        0.5,
        0.5,
        0.5,
        0.5,
    ]
    assert to_nucleotides(relevance, SPANS, 8, "copy").tolist() == [6, 6, 6, -1, 2, 2, 2, 2]


def test_tokens_by_hand():
    nucleotides = np.array([1.0, -4.0, 4.0, 7.0, 0.0, 1.0, 1.0, 2.0])
    assert to_tokens(nucleotides, SPANS, "sum").tolist() == [0, 1, 7, 4, 0]
    assert to_tokens(nucleotides, SPANS, "mean").tolist() == [0, 1 / 3, 7, 1, 0]
    assert to_tokens(nucleotides, SPANS, "max_abs").tolist() == [0, -4, 7, 2, 0]


@given(tokenised())
def test_split_keeps_the_sum_and_sum_undoes_it(case):
    spans, relevance, length = case
    nucleotides = to_nucleotides(relevance, spans, length, "split")
    assert nucleotides.sum() == pytest.approx(relevance[1:-1].sum(), abs=1e-9)
    assert to_tokens(nucleotides, spans, "sum")[1:-1] == pytest.approx(relevance[1:-1], abs=1e-9)


@given(tokenised())
def test_copy_keeps_the_peak_and_mean_undoes_it(case):
    spans, relevance, length = case
    nucleotides = to_nucleotides(relevance, spans, length, "copy")
    assert np.abs(nucleotides).max() == np.abs(relevance[1:-1]).max()
    for how in ("mean", "max_abs"):
        back = to_tokens(nucleotides, spans, how)[1:-1]
        assert back == pytest.approx(relevance[1:-1], abs=1e-9)


def test_overlapping_tokens_split_adds_up_and_copy_keeps_the_strongest():
    spans = np.array([[0, 0], [0, 3], [1, 4], [2, 5]])
    relevance = np.array([9.0, 3.0, -6.0, 1.5])
    assert to_nucleotides(relevance, spans, 5, "split").tolist() == [1, -1, -0.5, -1.5, 0.5]
    assert to_nucleotides(relevance, spans, 5, "copy").tolist() == [3, -6, -6, -6, 1.5]


@pytest.mark.parametrize("call", [to_nucleotides, to_tokens])
def test_unknown_names_are_refused(call):
    arguments = (np.ones(5), SPANS, 8) if call is to_nucleotides else (np.ones(8), SPANS)
    with pytest.raises(ValueError, match="choose one of"):
        call(*arguments, projection="average of all")
