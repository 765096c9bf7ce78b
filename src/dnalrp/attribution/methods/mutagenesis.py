"""In-silico mutagenesis: each nucleotide against its three substitutions.

The sequence is tokenised anew every time: a change of one nucleotide may change the tokens around
it, and this too is the model's answer.
"""

import numpy as np
import numpy.typing as npt

from dnalrp.attribution.batch import Batch, BatchRelevance, SequenceOutputs
from dnalrp.attribution.maps import nucleotide_spans
from dnalrp.attribution.options import Options
from dnalrp.data.nucleotides import NUCLEOTIDES, checked_sequence


def relevance(batch: Batch, options: Options) -> BatchRelevance:
    """One value a nucleotide, not a token."""
    pairs = zip(batch.sequence_outputs(), batch.sequences, strict=True)
    lengths = np.array([len(sequence) for sequence in batch.sequences], dtype=np.int64)
    return BatchRelevance(
        [mutagenesis(outputs, sequence) for outputs, sequence in pairs],
        spans=nucleotide_spans(lengths),
    )


def mutagenesis(outputs: SequenceOutputs, sequence: str) -> npt.NDArray[np.float64]:
    """What each nucleotide adds to the output against the other three: in-silico mutagenesis.

    Relevance of a position is the output minus its mean over the three substitutions there. All
    variants, 3 * length + 1 of them, go to the model in one call, the sequence itself first.

    Parameters
    ----------
    outputs
        See :data:`~dnalrp.attribution.batch.SequenceOutputs`.
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
    positions = [position for position, letter in enumerate(sequence) if letter in NUCLEOTIDES]
    variants = [
        sequence[:position] + letter + sequence[position + 1 :]
        for position in positions
        for letter in NUCLEOTIDES
        if letter != sequence[position]
    ]
    values = np.asarray(outputs([sequence, *variants]), dtype=np.float64)
    relevance = np.zeros(len(sequence))
    relevance[positions] = values[0] - values[1:].reshape(-1, len(NUCLEOTIDES) - 1).mean(axis=1)
    return relevance
