"""A reference genome: windows of its sequence by chromosome and position (pyfaidx)."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyfaidx

from dnalrp.data.reading import GZIP, opened, read_blocks
from dnalrp.errors import InputError

_READ_AS = np.zeros(256, dtype=np.uint8)
for _letters, _codes in ((b"ACGTN", b"ACGTN"), (b"RYSWKMBDHV", b"N" * 10)):
    _READ_AS[list(_letters)] = _READ_AS[list(_letters.lower())] = list(_codes)


class Genome:
    """Sequences of a genome FASTA file, plain, gzip or bgzip, upper case.

    Its index is always made anew in ``folder``, and so is an unpacked copy of a compressed file:
    nothing is written beside the user's file, and no index that is older than it is believed.
    Ambiguity codes, of which published genomes hold some, read as N.

    Parameters
    ----------
    path
        The FASTA file.
    folder
        An existing folder for the index and the unpacked copy; the caller removes it.
    aliases
        Name in the genome to name in all other files and results.

    Raises
    ------
    InputError
        The file is not FASTA, two chromosomes have one name, or an alias names none.
    """

    def __init__(
        self, path: str | Path, folder: str | Path, aliases: Mapping[str, str] | None = None
    ) -> None:
        self.path = Path(path)
        try:
            self._faidx = pyfaidx.Faidx(
                _plain(self.path, Path(folder)),
                indexname=str(Path(folder) / "genome.fa.fai"),
                as_raw=True,
            )
        except InputError:
            raise
        except (pyfaidx.FastaIndexingError, pyfaidx.FastaNotFoundError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(
                f"{self.path}: cannot be indexed ({reason}); give a FASTA file with one name a "
                "chromosome and lines of one length"
            ) from error
        self._own_names = self._named(aliases or {})
        self._shown_names = {stored: name for name, stored in self._own_names.items()}
        self.lengths = {
            name: self._faidx.index[stored].rlen for name, stored in self._own_names.items()
        }

    def find(self, name: str) -> str | None:
        """Name of a chromosome here: as it is, or with or without ``chr``, and M for MT."""
        bare = name.removeprefix("chr")
        other = {"M": "MT", "MT": "M"}.get(bare, bare)
        for candidate in (name, bare, f"chr{bare}", other, f"chr{other}"):
            if candidate in self._own_names:
                return candidate
            if candidate in self._shown_names:
                return self._shown_names[candidate]
        return None

    def chromosome(self, name: str, where: str) -> str:
        """As :meth:`find`, but an error, opened by ``where``, if there is none."""
        stored = self.find(name)
        if stored is None:
            raise InputError(
                f"{where}: chromosome {name!r} is not in {self.path}, which has "
                f"{_some(self._own_names)}; name it under 'aliases' or give the right genome"
            )
        return stored

    def window(self, chrom: str, start: int, end: int) -> str:
        """Bases ``[start, end)`` of a chromosome, 0-based, ACGTN."""
        return self.letters(chrom, start, end).tobytes().decode("ascii")

    def letters(self, chrom: str, start: int = 0, end: int | None = None) -> npt.NDArray[np.uint8]:
        """As :meth:`window`, by default the whole chromosome, as ASCII codes, (length,)."""
        end = self.lengths[chrom] if end is None else end
        text = self._faidx.fetch(self._own_names[chrom], start + 1, end)
        letters = _READ_AS[np.frombuffer(text.encode("latin-1"), dtype=np.uint8)]
        if (foreign := letters == 0).any():
            offset = int(foreign.argmax())
            raise InputError(
                f"{self.path}: character {text[offset]!r} at position {start + offset + 1} of "
                f"{chrom}; give the FASTA file of a genome"
            )
        return letters

    def close(self) -> None:
        self._faidx.close()

    def __enter__(self) -> "Genome":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _named(self, aliases: Mapping[str, str]) -> dict[str, str]:
        """The genome's own names by the names used everywhere else."""
        own_names = list(self._faidx.index)
        for stored in aliases:
            if stored not in own_names:
                raise InputError(
                    f"aliases: {self.path} has no chromosome {stored!r} but {_some(own_names)}; "
                    "write 'name in the genome: name in the BED files'"
                )
        named = {aliases.get(stored, stored): stored for stored in own_names}
        if len(named) < len(own_names):
            raise InputError(f"aliases: two chromosomes of {self.path} would have one name")
        return named


def _some(names: Iterable[str]) -> str:
    first, *others = map(repr, names)
    return ", ".join([first, *others[:4]]) + (f" and {len(others) - 4} more" if others[4:] else "")


def _plain(path: Path, folder: Path) -> Path:
    """The file itself, or an unpacked copy: pyfaidx cannot read gzip that is not bgzip."""
    with opened(path) as handle:
        start = handle.read(64).lstrip()
    if not start.startswith(b">"):
        raise InputError(f"{path}: does not begin with a '>' header; give a FASTA file")
    with path.open("rb") as handle:
        if not handle.read(2).startswith(GZIP) and path.suffix not in (".gz", ".bgz"):
            return path
    unpacked = folder / "genome.fa"
    with unpacked.open("wb") as output:
        for block in read_blocks(path):
            output.write(block)
    return unpacked
