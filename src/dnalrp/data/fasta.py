"""Strict reading of FASTA files."""

import logging
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dnalrp.data.nucleotides import checked_sequence
from dnalrp.data.reading import read_text
from dnalrp.errors import InputError

log = logging.getLogger(__name__)
_INTERVAL = re.compile(
    r"^(?:.*::)?(?P<chrom>[^\s]+):(?P<start>[\d,]*\d)-(?P<end>[\d,]*\d)"
    r"(?:\((?P<strand>[+.*-]?)\)|:(?P<last>[+*-])|/(?P<reverse>rc))?$"
)
_UCSC = re.compile(r"\srange=(?P<chrom>\S+):(?P<start>\d+)-(?P<end>\d+)(?:\s|$)")
_UCSC_STRAND = re.compile(r"\sstrand=(?P<strand>[+-])(?:\s|$)")
_FROM_ZERO = "with positions from 0, the end left out (getfasta)"
_FROM_ONE = "with positions from 1, the end included (samtools faidx)"
_UNPLACED = "without a place"


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

    Coordinates come from headers ``chrom:start-end`` as ``bedtools getfasta`` and ``samtools
    faidx`` write them. ``name::`` may stand before; a strand may stand behind, ``(-)``, ``/rc``
    or ``:-`` (R), and ``(+)``, ``(.)``, ``()`` and the like, which read as ``+``. ``getfasta``
    counts from 0 and leaves out the end, ``faidx`` counts from 1 and holds it: the record's
    length tells which, and the log says it. The Genome Browser's ``range=chrom:start-end`` is
    from 1. Pyfaidx is not used here since it needs to write an index beside the file, and
    indexes a truncated one without complaint.

    Raises
    ------
    InputError
        The file is missing, empty or not FASTA; a sequence is empty, holds other characters
        than ACGTN, or is not as long as its interval (a truncated file).
    """
    path, text = Path(path), read_text(path)
    records, kinds = [], Counter[str]()
    for number, header, body in _blocks(path, text):
        record, kind = _record(path, number, header, body)
        records.append(record)
        kinds[kind] += 1
    if kinds[_UNPLACED] < len(records):
        said = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        mixed = len(kinds) > 1
        log.log(logging.WARNING if mixed else logging.INFO, "%s: headers: %s", path, said)
    return records


def _blocks(path: Path, text: str) -> Iterator[tuple[int, str, str]]:
    """Line number of the header, header, and joined sequence lines of each record."""
    number, header = 0, None
    body: list[str] = []
    for line_number, line in enumerate(text.split("\n"), start=1):
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
    if header is None:
        raise InputError(f"{path}: no record; give a FASTA file")
    yield number, header, "".join(body)


def _record(path: Path, number: int, header: str, body: str) -> tuple[Record, str]:
    """The record, and how its header counts."""
    where = f"{path}, line {number}"
    if not header:
        raise InputError(f"{where}: a header without a name; write '>name'")
    name = header.split()[0]
    sequence = checked_sequence(body, f"{where}, record {name}")
    match = _INTERVAL.match(name)
    if match is None:
        return _ucsc_record(name, sequence, header)
    start, end = (int(match[key].replace(",", "")) for key in ("start", "end"))
    strand = "-" if match["reverse"] or "-" in (match["strand"], match["last"]) else "+"
    if end - start == len(sequence):
        return Record(name, sequence, match["chrom"], start, end, strand), _FROM_ZERO
    if end - start + 1 == len(sequence) and start > 0:
        return Record(name, sequence, match["chrom"], start - 1, end, strand), _FROM_ONE
    raise InputError(
        f"{where}: record {name} spans {end - start} bases but holds {len(sequence)}; "
        "the file is truncated or its header wrong, fetch it again"
    )


def _ucsc_record(name: str, sequence: str, header: str) -> tuple[Record, str]:
    """A record whose place is in its description, if anywhere; a spliced one has no place."""
    match, strand = _UCSC.search(header), _UCSC_STRAND.search(header)
    if match is None or int(match["end"]) - int(match["start"]) + 1 != len(sequence):
        return Record(name, sequence), _UNPLACED
    sign = strand["strand"] if strand else "+"
    start, end = int(match["start"]) - 1, int(match["end"])
    return Record(name, sequence, match["chrom"], start, end, sign), _FROM_ONE
