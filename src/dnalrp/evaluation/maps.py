"""Maps of many sequences in one array, at either level, as all metrics take them."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dnalrp.attribution.storage import Attributions, NucleotideMaps
from dnalrp.errors import InputError
from dnalrp.projection import real_tokens


class Maps(NamedTuple):
    """Relevance (sequences, most positions), zero beyond each of the ``lengths`` (sequences,).

    A position is a nucleotide, or a token that is not special.
    """

    ids: list[str]
    lengths: npt.NDArray[np.int64]
    relevance: npt.NDArray[np.floating]


def nucleotide_maps(stored: NucleotideMaps) -> Maps:
    """Maps per nucleotide from their file."""
    return Maps(stored.ids, stored.lengths.astype(np.int64), stored.relevance)


def token_maps(stored: Attributions) -> Maps:
    """Maps per token from an attribution file, special tokens left out."""
    tokens = real_tokens(stored.spans)
    kept = np.concatenate(stored.spans)
    values = np.concatenate(stored.relevance)[kept[:, 1] > kept[:, 0]]
    return Maps(stored.ids, tokens.counts, tokens.padded(values))


def check_finite(maps: Maps, name: str) -> None:
    """Refuse maps with NaN or infinite relevance.

    Raises
    ------
    InputError
        Names the map, by ``name``, and the first such sequence.
    """
    bad = ~np.isfinite(maps.relevance).all(axis=1)
    if bad.any():
        first = maps.ids[int(np.flatnonzero(bad)[0])]
        raise InputError(
            f"{name}: relevance of {first} is NaN or infinite, as of {bad.sum()} sequences in "
            "all; explain them again, or with another method"
        )
