"""Occlusion: each token's nucleotides hidden in turn, the sequence tokenised anew."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from dnalrp.attribution.batch import Batch, BatchRelevance, SequenceOutputs
from dnalrp.attribution.options import OcclusionOptions
from dnalrp.data.nucleotides import NUCLEOTIDES, checked_sequence
from dnalrp.errors import InputError


def relevance(batch: Batch, options: OcclusionOptions) -> BatchRelevance:
    """Each token's nucleotides replaced by the letter that hides."""
    rows = zip(batch.sequence_outputs(), batch.sequences, batch.spans, strict=True)
    return BatchRelevance(
        [occlusion(outputs, text, spans, options.fill) for outputs, text, spans in rows]
    )


def occlusion(
    outputs: SequenceOutputs,
    sequence: str,
    spans: Iterable[Sequence[int]] | npt.NDArray[np.integer],
    fill: str = "N",
) -> npt.NDArray[np.float64]:
    """How much the output falls when a token's nucleotides are hidden.

    Relevance of a span is the output minus that of the sequence with the span's nucleotides
    replaced, one letter for one, so that distances stay. For DNABERT-2 every N is an ``[UNK]``
    of its own: the number of tokens may change, and a model trained without N has not seen
    such input. All variants go to the model in one call, the sequence itself first.

    Parameters
    ----------
    outputs
        See :data:`~dnalrp.attribution.batch.SequenceOutputs`.
    sequence
        Upper or lower case.
    spans
        (tokens, 2), half-open, as the tokenizer gives them; (0, 0) for special tokens.
    fill
        The letter that hides: A, C, G, T or N.

    Returns
    -------
    (tokens,), in units of the output; 0 for special tokens.

    Raises
    ------
    InputError
        A sequence of other characters than ACGTN, a span that leaves it, or another ``fill``.

    Notes
    -----
    Zeiler & Fergus, ECCV 2014 (arXiv 1311.2901).
    """
    sequence = checked_sequence(sequence, "occlusion")
    if fill not in (*NUCLEOTIDES, "N"):
        raise InputError(f"fill {fill!r}: choose one of A, C, G, T, N")
    bounds = np.asarray(list(spans), dtype=np.int64).reshape(-1, 2)
    for start, end in bounds:
        if not 0 <= start <= end <= len(sequence):
            raise InputError(
                f"span ({start}, {end}) leaves the sequence of {len(sequence)} nucleotides; "
                "take the spans of this very sequence"
            )
    real = bounds[:, 1] > bounds[:, 0]
    variants = [
        sequence[:start] + fill * (end - start) + sequence[end:] for start, end in bounds[real]
    ]
    values = np.asarray(outputs([sequence, *variants]), dtype=np.float64)
    relevance = np.zeros(len(bounds))
    relevance[real] = values[0] - values[1:]
    return relevance
