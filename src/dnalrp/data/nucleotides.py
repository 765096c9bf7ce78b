"""Strings of nucleotides: the alphabet, reverse complement, one-hot."""

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dnalrp.errors import InputError

NUCLEOTIDES = "ACGT"
_COMPLEMENT = str.maketrans("ACGTN", "TGCAN")
_FOREIGN = re.compile("[^ACGTN]")
_PROTEIN = frozenset("EFIJLOPQXZ*")


def reverse_complement(sequence: str) -> str:
    """Reverse complement of an upper-case sequence; N stays N."""
    return sequence.translate(_COMPLEMENT)[::-1]


def checked_sequence(sequence: str, where: str) -> str:
    """Upper-cased ``sequence``, refused unless it is a non-empty string of A, C, G, T and N.

    ``where`` opens the error message: a file and line, or a sequence's id.
    """
    sequence = sequence.upper()
    if not sequence:
        raise InputError(f"{where}: the sequence is empty; remove the record or supply its bases")
    if foreign := _FOREIGN.search(sequence):
        cure = "replace ambiguity codes by N"
        if foreign.group() == "U":
            cure = "this looks like RNA, replace U by T"
        elif not _PROTEIN.isdisjoint(sequence):
            cure = "this looks like a protein, give its DNA"
        raise InputError(
            f"{where}: character {foreign.group()!r} at position {foreign.start() + 1}; "
            f"sequences may hold A, C, G, T and N only: {cure}"
        )
    return sequence


def one_hot(sequences: Sequence[str]) -> npt.NDArray[np.int8]:
    """One-hot in the order ACGT, (sequences, 4, longest length) int8.

    N gives a column of zeros, and so does every position beyond a shorter sequence's end.
    """
    longest = max(map(len, sequences))
    padded = "".join(sequence.ljust(longest, "N") for sequence in sequences)
    letters = np.frombuffer(padded.encode("ascii"), dtype=np.uint8).reshape(-1, longest)
    channels = np.frombuffer(NUCLEOTIDES.encode("ascii"), dtype=np.uint8)
    return (letters[:, None, :] == channels[None, :, None]).astype(np.int8)
