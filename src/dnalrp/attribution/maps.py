"""Relevance maps: what an explanation is once it is computed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.projection import to_nucleotides

LEDGER_TERMS = ("words", "linear_bias", "layernorm_bias", "token_type", "alibi", "softmax")


@dataclass(frozen=True)
class RelevanceMaps:
    """Token relevance of sequences, in the order in which they were given.

    Attributes
    ----------
    method
        Name of the method, as given to :func:`dnalrp.explain`.
    sequences
        What was explained.
    relevance
        One float array (tokens,) a sequence, special tokens included.
    spans
        One int array (tokens, 2) a sequence: half-open nucleotide spans, (0, 0) for specials.
    logits
        (sequences, labels).
    outputs
        (sequences,): the explained output, the margin of the target class.
    ledger
        One row a sequence: where the explained output went, by term; the terms sum to
        ``outputs``. None for methods that do not promise it.
    layer_ledger
        The same in long form, ``sequence, place, term, relevance``, a place a module.
    positional
        (sequences, layers, heads, distances in tokens): ALiBi's relevance B * g, zero beyond a
        sequence's end. None unless asked for.
    gap
        (sequences,): by how much the relevance misses the sum that a method promises
        (``integrated_gradients``, ``deep_lift_shap``). None for others.
    """

    method: str
    sequences: Sequence[str]
    relevance: list[npt.NDArray[np.floating]]
    spans: list[npt.NDArray[np.int64]]
    logits: npt.NDArray[np.float64]
    outputs: npt.NDArray[np.float64]
    ledger: pd.DataFrame | None
    layer_ledger: pd.DataFrame | None
    positional: npt.NDArray[np.floating] | None = None
    gap: npt.NDArray[np.float64] | None = None

    def nucleotides(self, how: str = "split") -> npt.NDArray[np.float32]:
        """Relevance of every nucleotide, (sequences, longest length), zero beyond the end.

        ``how`` is ``split`` or ``copy``: see :func:`dnalrp.projection.to_nucleotides`. The map
        ``average`` asks the model again: see :func:`dnalrp.average_relevance`.
        """
        result = np.zeros((len(self.sequences), max(map(len, self.sequences))), dtype=np.float32)
        for row, (sequence, relevance, spans) in enumerate(
            zip(self.sequences, self.relevance, self.spans, strict=True)
        ):
            result[row, : len(sequence)] = to_nucleotides(relevance, spans, len(sequence), how)
        return result

    def special_share(self) -> npt.NDArray[np.float64]:
        """Share of the summed absolute relevance that special tokens hold, (sequences,).

        Zero where a map is zero everywhere.
        """
        shares = []
        for relevance, spans in zip(self.relevance, self.spans, strict=True):
            total = np.abs(relevance).sum()
            special = np.abs(relevance[spans[:, 1] == 0]).sum()
            shares.append(special / total if total > 0 else 0.0)
        return np.array(shares)
