"""Motif matrices of JASPAR (Rauluseviciute et al. 2024), from the release bundled in pyjaspar."""

import warnings
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from pyjaspar import jaspar_releases, jaspardb

from dnalrp.data.nucleotides import NUCLEOTIDES
from dnalrp.errors import InputError

PSEUDOCOUNT = 0.25


class Motif(NamedTuple):
    """A motif: identifiers, transcription factor families, and probabilities (4, width)."""

    base_id: str
    matrix_id: str
    name: str
    families: tuple[str, ...]
    probabilities: npt.NDArray[np.float64]

    @property
    def width(self) -> int:
        return self.probabilities.shape[1]

    @property
    def information(self) -> npt.NDArray[np.float64]:
        """Information content per position in bits, (width,), against a uniform background."""
        p = self.probabilities
        return 2.0 + (p * np.log2(p)).sum(axis=0)


def fetch_motifs(ids: Iterable[str], release: str) -> list[Motif]:
    """Motifs by JASPAR id, with (``MA0139.2``) or without (``MA0139``, the latest) version.

    Raises
    ------
    InputError
        There is no such release, or no such matrix in it.
    """
    if release not in jaspar_releases:
        known = ", ".join(jaspar_releases)
        raise InputError(f"jaspar: no release {release!r}; choose one of {known}")
    database = jaspardb(release=release)
    motifs = []
    for motif_id in ids:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what the error below says
            record = database.fetch_motif_by_id(motif_id)
        if record is None:
            raise InputError(
                f"motif {motif_id!r} is not in {release}; look up the id of the matrix, "
                "for example MA0139 or MA0139.2"
            )
        motifs.append(_motif(record))
    return motifs


@cache
def core_vertebrates(release: str) -> tuple[Motif, ...]:
    """All non-redundant matrices of the CORE collection for vertebrates, in order of id."""
    records = jaspardb(release=release).fetch_motifs(collection="CORE", tax_group=["vertebrates"])
    return tuple(sorted((_motif(motif) for motif in records), key=lambda motif: motif.matrix_id))


def _motif(record: Any) -> Motif:
    counts = np.array([record.counts[letter] for letter in NUCLEOTIDES], dtype=np.float64)
    counts += PSEUDOCOUNT
    return Motif(
        base_id=record.base_id,
        matrix_id=record.matrix_id,
        name=record.name,
        families=tuple(record.tf_family or ()),
        probabilities=counts / counts.sum(axis=0),
    )
