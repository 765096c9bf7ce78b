"""Between tokens and nucleotides, in both directions."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]

TO_NUCLEOTIDES = ("split", "copy")
TO_TOKENS = ("sum", "mean", "max_abs")


def to_nucleotides(
    relevance: Array, spans: npt.NDArray[np.int64], length: int, how: str = "split"
) -> Array:
    """Bring token relevance to nucleotides.

    ``split`` divides a token's relevance evenly among its nucleotides and keeps the sum;
    ``copy`` gives each of them all of it and keeps the peak. Special tokens, whose span is
    (0, 0), are left out.

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
    if how not in TO_NUCLEOTIDES:
        raise ValueError(f"how={how!r}: choose one of {', '.join(TO_NUCLEOTIDES)}")
    widths = spans[:, 1] - spans[:, 0]
    real = widths > 0
    values = relevance[real] / widths[real] if how == "split" else relevance[real]
    result = np.zeros(length, dtype=relevance.dtype)
    positions = np.repeat(spans[real, 0], widths[real]) + _ramps(widths[real])
    result[positions] = np.repeat(values, widths[real])
    return result


def to_tokens(nucleotides: Array, spans: npt.NDArray[np.int64], how: str = "sum") -> Array:
    """Bring nucleotide relevance to tokens.

    ``sum`` keeps the sum, ``mean`` divides it by the token's length, ``max_abs`` takes the
    value, with its sign, of the token's nucleotide of highest absolute relevance (the first of
    equals). Special tokens get zero.

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
    if how not in TO_TOKENS:
        raise ValueError(f"how={how!r}: choose one of {', '.join(TO_TOKENS)}")
    result = np.zeros(len(spans), dtype=nucleotides.dtype)
    for token, (start, end) in enumerate(spans):
        inside = nucleotides[start:end]
        if len(inside):
            if how == "max_abs":
                result[token] = inside[np.abs(inside).argmax()]
            else:
                result[token] = inside.sum() if how == "sum" else inside.mean()
    return result


def _ramps(widths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """0, 1, ..., w - 1 for each width w, one after the other."""
    ends = np.cumsum(widths)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - widths, widths)
