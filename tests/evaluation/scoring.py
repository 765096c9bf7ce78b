"""Scores of one map, and small cases, that the tests of several axes share."""

import itertools

import numpy as np
from hypothesis import strategies as st

from dnalrp.evaluation.axes import concentration, localisation, similarity

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
    return {card.name: card.score(*both)[0] for card in similarity.METRICS}


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
