"""Relevance by changing the sequence and asking the model again.

The functions see a model as sequences to outputs, tokenised anew every time: a change of one
nucleotide may change the tokens around it, and this too is the model's answer.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from dnalrp.data.nucleotides import NUCLEOTIDES, checked_sequence
from dnalrp.errors import InputError

Outputs = Callable[[Sequence[str]], npt.NDArray[np.floating]]
"""Sequences to the explained outputs, (sequences,)."""


def mutagenesis(outputs: Outputs, sequence: str) -> npt.NDArray[np.float64]:
    """What each nucleotide adds to the output against the other three: in-silico mutagenesis.

    Relevance of a position is the output minus its mean over the three substitutions there. All
    variants, 3 * length + 1 of them, go to the model in one call, the sequence itself first.

    Parameters
    ----------
    outputs
        See :data:`Outputs`.
    sequence
        Upper or lower case. An N is not substituted.

    Returns
    -------
    (length,), in units of the output; 0 at every N.

    Raises
    ------
    InputError
        An empty sequence, or other characters than ACGTN.

    Notes
    -----
    Zhou & Troyanskaya, Nature Methods 2015 (doi 10.1038/nmeth.3547).
    """
    sequence = checked_sequence(sequence, "mutagenesis")
    positions = [place for place, letter in enumerate(sequence) if letter in NUCLEOTIDES]
    variants = [
        sequence[:place] + letter + sequence[place + 1 :]
        for place in positions
        for letter in NUCLEOTIDES
        if letter != sequence[place]
    ]
    values = np.asarray(outputs([sequence, *variants]), dtype=np.float64)
    relevance = np.zeros(len(sequence))
    relevance[positions] = values[0] - values[1:].reshape(-1, len(NUCLEOTIDES) - 1).mean(axis=1)
    return relevance


def occlusion(
    outputs: Outputs,
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
        See :data:`Outputs`.
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
    places = np.asarray(list(spans), dtype=np.int64).reshape(-1, 2)
    for start, end in places:
        if not 0 <= start <= end <= len(sequence):
            raise InputError(
                f"span ({start}, {end}) leaves the sequence of {len(sequence)} nucleotides; "
                "take the spans of this very sequence"
            )
    real = places[:, 1] > places[:, 0]
    variants = [
        sequence[:start] + fill * (end - start) + sequence[end:] for start, end in places[real]
    ]
    values = np.asarray(outputs([sequence, *variants]), dtype=np.float64)
    relevance = np.zeros(len(places))
    relevance[real] = values[0] - values[1:]
    return relevance
