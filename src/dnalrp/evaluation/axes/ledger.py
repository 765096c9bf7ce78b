"""Where did the explained output go? Terms that sum to it, for methods that account for it all."""

import numpy as np
import numpy.typing as npt

from dnalrp.attribution.maps import LEDGER_TERMS, POSITION, RelevanceMaps
from dnalrp.evaluation.catalogue import Axis, Metric
from dnalrp.evaluation.levels import TOKEN, Explained
from dnalrp.evaluation.scores import Scores

Array = npt.NDArray[np.floating]

NOTE = (
    "AttnLRP and LRP account for the whole explained output: what reached the words, "
    "and what biases, the token type, ALiBi and the softmax kept. Means over sequences, each in "
    "the sign of its output."
)
_TERMS = {
    "words": "what reached the words",
    "linear_bias": "what the biases of linear layers kept",
    "layernorm_bias": "what the biases of LayerNorm kept",
    "token_type": "what the token type kept",
    "alibi": "what ALiBi's bias on attention kept",
    "softmax": "what the softmax kept",
    POSITION: "what position embeddings kept",
}


METRICS = (
    Metric(
        name="special_share",
        meaning="share of |R| on special tokens",
        better="neither",
        ceiling="1",
    ),
    Metric(
        name="completeness_gap",
        meaning="|sum that the method promises - its sum| over the range of the outputs",
        better="lower",
        ceiling="0",
    ),
    *(
        Metric(
            name=term,
            meaning=f"{_TERMS[term]}, in units of the output, in its sign",
            better="neither",
            between_models=False,
            shown=True,
        )
        for term in (*LEDGER_TERMS, POSITION)
    ),
)


def judge(axis: Axis, explained: Explained) -> list[Scores]:
    """Each term of the ledger, and the specials' share.

    Terms are in the sign of the explained output, so that they add up to its size. Methods that
    promise a sum get ``completeness_gap``: by how much they miss it, over the range of the
    outputs; undefined where all outputs are equal.

    Raises
    ------
    ArithmeticError
        A ledger does not add up to the explained output: the implementation is wrong.
    """
    return [
        Scores(
            method=method,
            level=TOKEN,
            map=TOKEN,
            axis=axis.name,
            metric=metric,
            ids=maps.ids,
            values=values,
        )
        for method, maps in explained.attributions.items()
        for metric, values in _values(maps.changed(method=method)).items()
    ]


def _values(maps: RelevanceMaps) -> dict[str, Array]:
    """Every metric of this axis that a method's maps have, (sequences,) each."""
    from dnalrp.attribution.ledger import check_ledger

    values: dict[str, Array] = {"special_share": maps.special_share()}
    if maps.gap is not None:
        spread = float(np.ptp(maps.outputs))
        values["completeness_gap"] = np.abs(maps.gap) / (spread if spread > 0 else np.nan)
    if maps.ledger is not None:
        check_ledger(maps, maps.method)
        signs = np.sign(maps.outputs)
        values |= {str(term): maps.ledger[term].to_numpy() * signs for term in maps.ledger}
    return values
