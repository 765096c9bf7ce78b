"""Between tokens and nucleotides, in both directions."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]

TO_NUCLEOTIDES = ("split", "copy")
TO_TOKENS = ("sum", "mean", "max_abs")


def to_nucleotides(
    relevance: Array, spans: npt.NDArray[np.int64], length: int, projection: str = "split"
) -> Array:
    """Bring token relevance to nucleotides.

    ``split`` divides a token's relevance evenly among its nucleotides and keeps the sum;
    ``copy`` gives each of them all of it and keeps the peak. Where tokens overlap, as k-mers may,
    ``split`` adds up their shares, ``copy`` keeps the one of highest absolute relevance. Special
    tokens, whose span is (0, 0), are left out.

    Parameters
    ----------
    relevance
        (tokens,).
    spans
        (tokens, 2), half-open, as the tokenizer gives them.
    length
        Nucleotides of the sequence.

    Returns
    -------
    (length,), dtype of ``relevance``; zero where no token lies.
    """
    if projection not in TO_NUCLEOTIDES:
        raise ValueError(f"projection={projection!r}: choose one of {', '.join(TO_NUCLEOTIDES)}")
    widths = spans[:, 1] - spans[:, 0]
    real = widths > 0
    values = relevance[real] / widths[real] if projection == "split" else relevance[real]
    result = np.zeros(length, dtype=relevance.dtype)
    positions = np.repeat(spans[real, 0], widths[real]) + _ramps(widths[real])
    repeated = np.repeat(values, widths[real])
    if projection == "split":
        np.add.at(result, positions, repeated)
    else:
        weakest_first = np.argsort(np.abs(repeated), kind="stable")  # the last of equals stays
        result[positions[weakest_first]] = repeated[weakest_first]
    return result


def to_tokens(nucleotides: Array, spans: npt.NDArray[np.int64], projection: str = "sum") -> Array:
    """Bring nucleotide relevance to tokens.

    ``sum`` keeps the sum, unless tokens overlap; ``mean`` divides it by the token's length;
    ``max_abs`` takes the value, with its sign, of the token's nucleotide of highest absolute
    relevance (the first of equals). Special tokens get zero.

    Parameters
    ----------
    nucleotides
        (length,).
    spans
        (tokens, 2), half-open.

    Returns
    -------
    (tokens,), dtype of ``nucleotides``.
    """
    if projection not in TO_TOKENS:
        raise ValueError(f"projection={projection!r}: choose one of {', '.join(TO_TOKENS)}")
    result = np.zeros(len(spans), dtype=nucleotides.dtype)
    for token, (start, end) in enumerate(spans):
        inside = nucleotides[start:end]
        if len(inside):
            if projection == "max_abs":
                result[token] = inside[np.abs(inside).argmax()]
            else:
                result[token] = inside.sum() if projection == "sum" else inside.mean()
    return result


class RealTokens(NamedTuple):
    """Tokens of many sequences without the special ones, all in one row, (tokens,) each.

    ``row`` is a token's sequence, ``place`` its number among the real tokens there, ``start`` and
    ``width`` its nucleotides; ``counts`` (sequences,) are the real tokens of each.
    """

    row: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    width: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]

    @property
    def overlap(self) -> bool:
        """Whether any two neighbouring tokens of a sequence share nucleotides, as k-mers do."""
        ends = self.start + self.width
        return bool(((self.row[1:] == self.row[:-1]) & (self.start[1:] < ends[:-1])).any())

    def pooled(self, mask: npt.NDArray[np.bool_]) -> Array:
        """Share of each token's nucleotides that the mask (sequences, length) holds, (tokens,)."""
        row, position = self._nucleotides()
        inside = np.bincount(
            np.repeat(np.arange(len(self.row)), self.width),
            weights=mask[row, position],
            minlength=len(self.row),
        )
        return inside / self.width

    def copied(self, values: Array, length: int) -> Array:
        """Each token's value (tokens,) at all its nucleotides, (sequences, length)."""
        result = np.zeros((len(self.counts), length), dtype=values.dtype)
        result[self._nucleotides()] = np.repeat(values, self.width)
        return result

    def padded(self, values: Array) -> Array:
        """Values (tokens,) as (sequences, most tokens), zero beyond a sequence's last."""
        result = np.zeros((len(self.counts), self.counts.max(initial=0)), dtype=values.dtype)
        result[self.row, self.place] = values
        return result

    def _nucleotides(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Row and position of every nucleotide of every token."""
        positions = np.repeat(self.start, self.width) + _ramps(self.width)
        return np.repeat(self.row, self.width), positions


def real_tokens(spans: Sequence[npt.NDArray[np.int64]]) -> RealTokens:
    """Line up the real tokens of sequences, whose ``spans`` are (tokens, 2), (0, 0) if special."""
    joined = np.concatenate(spans)
    row = np.repeat(np.arange(len(spans)), [len(of_sequence) for of_sequence in spans])
    kept = joined[:, 1] > joined[:, 0]
    joined, row = joined[kept], row[kept]
    counts = np.bincount(row, minlength=len(spans))
    return RealTokens(row, _ramps(counts), joined[:, 0], joined[:, 1] - joined[:, 0], counts)


def _ramps(widths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """0, 1, ..., w - 1 for each width w, one after the other."""
    ends = np.cumsum(widths)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - widths, widths)
