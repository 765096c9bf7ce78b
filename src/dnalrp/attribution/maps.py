"""Relevance maps: the one record for what an explanation is, from a batch to a file and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.errors import InputError
from dnalrp.notices import renamed
from dnalrp.projection import real_tokens, to_nucleotides

LEDGER_TERMS = ("words", "linear_bias", "layernorm_bias", "token_type", "alibi", "softmax")
"""Terms that every ledger has, in the order of its columns."""
POSITION = "position"
"""The seventh term, of encoders with position embeddings."""


@dataclass(frozen=True, kw_only=True)
class RelevanceMaps:
    """Relevance of sequences: of a call, of one batch of it, or of a file.

    A position is a token, special ones included, or a nucleotide, whose span holds one base.

    Attributes
    ----------
    method
        Name of the method, as given to :func:`dnalrp.explain`.
    sequences
        What was explained; empty where the maps were read from a file.
    ids
        Names of the sequences; empty where they have none yet.
    rows
        (sequences,): places of these sequences among all that were given.
    lengths
        (sequences,) nucleotides.
    relevance
        One float array (positions,) a sequence.
    spans
        One int array (positions, 2) a sequence: half-open nucleotide spans, (0, 0) for specials.
    logits
        (sequences, labels), or (sequences, 0) where the file keeps none.
    outputs
        (sequences,): the explained output, the margin of the target class.
    ledger
        One row a sequence: where the explained output went, by term; the terms sum to
        ``outputs``. None for methods that do not promise it.
    layer_ledger
        The same in long form, ``sequence, place, term, relevance``, a place a module.
    positional
        (sequences, layers, heads, distances in tokens): ALiBi's relevance B * g, zero beyond a
        sequence's end; of a file the mean over sequences in the sign of their outputs, (layers,
        heads, distances). None unless asked for.
    gap
        (sequences,): by how much the relevance misses the sum that a method promises. None for
        methods that promise none.
    segmented_outputs
        (segmentations, sequences): explained outputs of an average map's segmentations, the
        tokenizer's own first. None for other maps.
    provenance
        What made the file that the maps were read from; else empty.
    """

    relevance: list[npt.NDArray[np.floating]]
    spans: list[npt.NDArray[np.int64]]
    outputs: npt.NDArray[np.float64]
    lengths: npt.NDArray[np.int64]
    logits: npt.NDArray[np.float64]
    method: str = ""
    sequences: Sequence[str] = ()
    ids: Sequence[str] = ()
    rows: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    ledger: pd.DataFrame | None = None
    layer_ledger: pd.DataFrame | None = None
    positional: npt.NDArray[np.floating] | None = None
    gap: npt.NDArray[np.float64] | None = None
    segmented_outputs: npt.NDArray[np.float64] | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def nucleotides(
        self, projection: str = "split", *, how: str | None = None
    ) -> npt.NDArray[np.float32]:
        """Relevance of every nucleotide, (sequences, longest length), zero beyond the end.

        ``projection`` is ``split`` or ``copy``: see
        :func:`dnalrp.projection.to_nucleotides`. The map ``average`` asks the model again: see
        :func:`dnalrp.average_relevance`.
        """
        if how is not None and projection != "split":
            raise InputError(
                f"how={how!r}: it is projection now, which is given too; leave how out"
            )
        if how is not None:
            renamed(f"how={how!r}", f"projection={how!r}")
            projection = how
        result = np.zeros((len(self.lengths), self.lengths.max(initial=0)), dtype=np.float32)
        for row, (length, relevance, spans) in enumerate(
            zip(self.lengths, self.relevance, self.spans, strict=True)
        ):
            result[row, :length] = to_nucleotides(relevance, spans, length, projection)
        return result

    def padded(self) -> npt.NDArray[np.floating]:
        """Relevance without special tokens, (sequences, most positions), zero beyond the last."""
        spans = np.concatenate(self.spans)
        values = np.concatenate(self.relevance)[spans[:, 1] > spans[:, 0]]
        return real_tokens(self.spans).padded(values)

    def position_counts(self) -> npt.NDArray[np.int64]:
        """Positions that are no special tokens, (sequences,): the lengths of :meth:`padded`."""
        return real_tokens(self.spans).counts

    def special_share(self) -> npt.NDArray[np.float64]:
        """Share of the summed absolute relevance that special tokens hold, (sequences,).

        NaN where a map is zero everywhere: nothing has no shares.
        """
        shares = []
        for relevance, spans in zip(self.relevance, self.spans, strict=True):
            absolute = np.abs(relevance)
            special = absolute[spans[:, 1] == 0].sum()
            shares.append(special / absolute.sum() if absolute.any() else np.nan)
        return np.array(shares)

    def changed(self, **fields: Any) -> "RelevanceMaps":
        """The same maps with some fields replaced."""
        return replace(self, **fields)


def nucleotide_spans(lengths: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Spans of maps whose positions are nucleotides; equal lengths share one array."""
    by_length = {
        int(length): np.stack([np.arange(length), np.arange(1, length + 1)], axis=1)
        for length in np.unique(lengths)
    }
    return [by_length[int(length)] for length in lengths]
