"""Strict reading of FASTA files."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dnalrp.data.nucleotides import checked_sequence
from dnalrp.data.reading import read_text
from dnalrp.errors import InputError

_INTERVAL = re.compile(r"^(?P<chrom>[^:\s]+):(?P<start>\d+)-(?P<end>\d+)(?:\((?P<strand>[+-])\))?$")


class Record(NamedTuple):
    """One FASTA record; the interval is known where the header is ``chrom:start-end``."""

    name: str
    sequence: str
    chrom: str | None = None
    start: int | None = None
    end: int | None = None
    strand: str | None = None


def read_fasta(path: str | Path) -> list[Record]:
    """Read all records of a FASTA file, plain or gzip, upper-cased, with coordinates if known.

    Coordinates come from headers: ``chrom:start-end``, optionally followed by ``(+)`` or
    ``(-)``, is a 0-based half-open interval. Pyfaidx is not used here since it needs to write
    an index beside the file, and indexes a truncated one without complaint.

    Raises
    ------
    InputError
        The file is missing, empty or not FASTA; a sequence is empty, holds other characters
        than ACGTN, or is not as long as its interval (a truncated file).
    """
    path, text = Path(path), read_text(path)
    return [_record(path, number, header, body) for number, header, body in _blocks(path, text)]


def _blocks(path: Path, text: str) -> Iterator[tuple[int, str, str]]:
    """Line number of the header, header, and joined sequence lines of each record."""
    number, header = 0, None
    body: list[str] = []
    for line_number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if line.startswith(">"):
            if header is not None:
                yield number, header, "".join(body)
            number, header, body = line_number, line[1:].strip(), []
        elif line:
            if header is None:
                raise InputError(
                    f"{path}, line {line_number}: sequence before the first '>' header; "
                    "give a FASTA file"
                )
            body.append(line)
    assert header is not None
    yield number, header, "".join(body)


def _record(path: Path, number: int, header: str, body: str) -> Record:
    where = f"{path}, line {number}"
    if not header:
        raise InputError(f"{where}: a header without a name; write '>name'")
    name = header.split()[0]
    sequence = checked_sequence(body, f"{where}, record {name}")
    match = _INTERVAL.match(name)
    if match is None:
        return Record(name, sequence)
    start, end = int(match["start"]), int(match["end"])
    if end - start != len(sequence):
        raise InputError(
            f"{where}: record {name} spans {end - start} bases but holds {len(sequence)}; "
            "the file is truncated or its header wrong, fetch it again"
        )
    return Record(name, sequence, match["chrom"], start, end, match["strand"] or "+")
