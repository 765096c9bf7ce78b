"""A reference genome: windows of its sequence by chromosome and position."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import pyfaidx

from dnalrp.data.reading import GZIP, opened, read_lines
from dnalrp.errors import InputError
from dnalrp.provenance import written_whole

_HEADER, _END = b">\n"
_READ_AS = np.zeros(256, dtype=np.uint8)
for _letters, _codes in ((b"ACGTN", b"ACGTN"), (b"RYSWKMBDHV", b"N" * 10)):
    _READ_AS[list(_letters)] = _READ_AS[list(_letters.lower())] = list(_codes)


class _Record(NamedTuple):
    """Where a chromosome lies in its file, as in a ``.fai``: from ``offset`` on, in lines."""

    offset: int
    length: int
    width: int


class Genome:
    """Sequences of a genome FASTA file, plain, gzip or bgzip, upper case.

    Bases are read by pyfaidx through an index that is made anew in ``folder``: nothing is written
    beside the user's file, and no index that is older than it is believed. A compressed file is
    unpacked there, and one with blank lines, spaces at line ends or other line ends than ``\\n``
    is copied without them. Ambiguity codes, of which published genomes hold some, read as N.

    Parameters
    ----------
    path
        The FASTA file.
    folder
        An existing folder for the index and an unpacked copy; the caller removes it.
    aliases
        Name in the genome to name in all other files and results.

    Raises
    ------
    InputError
        The file is not FASTA, the lines of a chromosome differ in length, two chromosomes have
        one name, or an alias names none.
    """

    def __init__(
        self, path: str | Path, folder: str | Path, aliases: Mapping[str, str] | None = None
    ) -> None:
        self.path = Path(path)
        plain, self._records = _indexed(self.path, Path(folder))
        self._stored_names = self._named(aliases or {})
        self._shown_names = {stored: name for name, stored in self._stored_names.items()}
        self.lengths = {
            name: self._records[stored].length for name, stored in self._stored_names.items()
        }
        index = Path(folder) / "genome.fa.fai"
        index.write_text("".join(map(_index_line, self._records.items())), encoding="utf-8")
        self._faidx = pyfaidx.Faidx(str(plain), str(index), as_raw=True, build_index=False)

    def find(self, name: str) -> str | None:
        """Name of a chromosome here: as it is, or with or without ``chr``, and M for MT."""
        bare = name.removeprefix("chr")
        other = {"M": "MT", "MT": "M"}.get(bare, bare)
        for candidate in (name, bare, f"chr{bare}", other, f"chr{other}"):
            if candidate in self._stored_names:
                return candidate
            if candidate in self._shown_names:
                return self._shown_names[candidate]
        return None

    def chromosome(self, name: str, where: str) -> str:
        """As :meth:`find`, but an error, opened by ``where``, if there is none."""
        stored = self.find(name)
        if stored is None:
            raise InputError(self.lacks(name, where))
        return stored

    def lacks(self, name: str, where: str) -> str:
        """Message, opened by ``where``, that there is no such chromosome."""
        return (
            f"{where}: chromosome {name!r} is not in {self.path}, which has "
            f"{_some(self._stored_names)}; name it under 'aliases' or give the right genome"
        )

    def window(self, chrom: str, start: int, end: int) -> str:
        """Bases ``[start, end)`` of a chromosome, 0-based, ACGTN: ``end - start`` of them.

        Raises
        ------
        InputError
            Bases that the chromosome does not have, or a character that is no nucleotide.
        """
        return self.letters(chrom, start, end).tobytes().decode("ascii")

    def letters(self, chrom: str, start: int = 0, end: int | None = None) -> npt.NDArray[np.uint8]:
        """As :meth:`window`, by default the whole chromosome, as ASCII codes, (length,)."""
        length = self.lengths[chrom]
        end = length if end is None else end
        if not 0 <= start <= end <= length:
            raise InputError(
                f"{self.path}: {chrom}:{start}-{end} is not within the chromosome, which has "
                f"{length} bases; give intervals of this genome"
            )
        text = self._read(self._stored_names[chrom], start, end)
        letters = _READ_AS[np.frombuffer(text.encode("latin-1"), dtype=np.uint8)]
        if (foreign := letters == 0).any():
            offset = int(foreign.argmax())
            raise InputError(
                f"{self.path}: character {text[offset]!r} at position {start + offset + 1} of "
                f"{chrom}; give the FASTA file of a genome"
            )
        return letters

    def _read(self, stored: str, start: int, end: int) -> str:
        if start == end:
            return ""
        text: str = self._faidx.fetch(stored, start + 1, end)
        if len(text) != end - start:
            raise InputError(f"{self.path}: was changed while it was read; run this again")
        return text

    def close(self) -> None:
        self._faidx.close()

    def __enter__(self) -> "Genome":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _named(self, aliases: Mapping[str, str]) -> dict[str, str]:
        """The genome's own names by the names used everywhere else."""
        stored_names = list(self._records)
        for stored in aliases:
            if stored not in stored_names:
                raise InputError(
                    f"aliases: {self.path} has no chromosome {stored!r} but {_some(stored_names)}; "
                    "write 'name in the genome: name in the BED files'"
                )
        named = {aliases.get(stored, stored): stored for stored in stored_names}
        if len(named) < len(stored_names):
            raise InputError(f"aliases: two chromosomes of {self.path} would have one name")
        return named


def _some(names: Iterable[str]) -> str:
    first, *others = map(repr, names)
    return ", ".join([first, *others[:4]]) + (f" and {len(others) - 4} more" if others[4:] else "")


def _index_line(entry: tuple[str, _Record]) -> str:
    """A chromosome in the form of ``samtools faidx``."""
    name, record = entry
    return f"{name}\t{record.length}\t{record.offset}\t{record.width}\t{record.width + 1}\n"


def _indexed(path: Path, folder: Path) -> tuple[Path, dict[str, _Record]]:
    """The file itself or its plain copy, and where its chromosomes lie there."""
    with opened(path) as handle:
        start = handle.read(64).lstrip()
    if not start.startswith(b">"):
        raise InputError(f"{path}: does not begin with a '>' header; give a FASTA file")
    with path.open("rb") as handle:
        packed = handle.read(2).startswith(GZIP)
        handle.seek(0)
        if not packed and (records := _Index(path).of_file(handle)) is not None:
            return path, records
    plain = folder / "genome.fa"
    index = _Index(path)
    with written_whole(plain) as beside, beside.open("wb") as output:
        for number, line in enumerate(read_lines(path), start=1):
            if text := line.strip():
                output.write(text + b"\n")
                index.add(number, text)
    return plain, index.finished()


class _Index:
    """Records of chromosomes, gathered line by line from a FASTA file.

    pyfaidx would make the index too, but lets the last line of a chromosome be longer than the
    others, and then reads other bases than are asked for.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records: dict[str, _Record] = {}
        self._name: str | None = None
        self._at = self._offset = self._length = self._width = 0
        self._ended = False

    def of_file(self, handle: BinaryIO) -> dict[str, _Record] | None:
        """Records of a file as it is, or None where its lines hold more than their text."""
        blank, whole = False, 0
        for number, line in enumerate(handle, start=1):
            if len(line) == whole and line[-1] == _END and line[0] > _HEADER < line[-2]:
                self._add_whole(number)  # nearly all lines: letters lie behind '>'
                continue
            text = line.strip()
            if line == b"\n":
                self._at += 1
            elif _is_more_than(text, line) or (blank and text[0] != _HEADER):
                return None
            else:
                self.add(number, text)
            blank = not text
            whole = 0 if blank else self._width + 1
        return self.finished()

    def add(self, number: int, text: bytes) -> None:
        """The next line, which takes one byte more than its text."""
        self._at += len(text) + 1
        if text[0] == _HEADER:
            self._finish()
            self._begin(number, text)
        elif self._name is None:
            self._refuse(number, "sequence before the first '>' header")
        elif not self._width:
            self._width = self._length = len(text)
        elif self._ended:
            self._refuse(number, f"a line of {self._name} behind a shorter one")
        elif len(text) > self._width:
            self._refuse(number, f"a line of {self._name} that is longer than its first")
        else:
            self._length += len(text)
            self._ended = len(text) < self._width

    def _add_whole(self, number: int) -> None:
        if self._ended:
            self._refuse(number, f"a line of {self._name} behind a shorter one")
        self._at += self._width + 1
        self._length += self._width

    def finished(self) -> dict[str, _Record]:
        self._finish()
        if not any(record.length for record in self.records.values()):
            raise InputError(f"{self.path}: holds names and no sequence; fetch it again")
        return self.records

    def _begin(self, number: int, text: bytes) -> None:
        words = text[1:].split(maxsplit=1)
        if not words:
            self._refuse(number, "a header without a name")
        self._name = words[0].decode("utf-8", errors="replace")
        if self._name in self.records:
            self._refuse(number, f"{self._name} occurs twice")
        self._offset, self._length, self._width, self._ended = self._at, 0, 0, False

    def _finish(self) -> None:
        if self._name is not None:
            self.records[self._name] = _Record(self._offset, self._length, self._width)

    def _refuse(self, number: int, reason: str) -> None:
        raise InputError(
            f"{self.path}, line {number}: cannot be indexed ({reason}); give a FASTA file with one "
            "name a chromosome and lines of one length, as 'seqkit seq -w 60' writes them"
        )


def _is_more_than(text: bytes, line: bytes) -> bool:
    """Whether a line holds more than its text and ``\\n``: spaces, or another line end."""
    return not text or line not in (text, text + b"\n")
