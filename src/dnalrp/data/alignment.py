"""One species' sequence out of a multiple alignment."""

import gzip
from pathlib import Path

from dnalrp.errors import InputError
from dnalrp.provenance import written_whole


def maf_to_fasta(alignment: str | Path, source: str, fasta: str | Path) -> int:
    """Write the rows of one source of a MAF alignment as gzip FASTA; how many bases that were.

    Every block of the alignment gives one record, gaps removed, case kept. Its header is
    ``chromosome:start-end``, 0-based and half-open, on the forward strand, the chromosome being
    what follows the dot of the source. Bases that the alignment leaves out are not there.

    Parameters
    ----------
    alignment
        MAF file (the UCSC format), plain or gzip.
    source
        The rows' second column, such as ``hg19.chr22``.
    fasta
        Where to write, gzip-compressed, whole or not at all.

    Raises
    ------
    InputError
        No such file; a row whose length is not as it says, or that lies on the reverse strand;
        no row of this source.
    """
    alignment, bases, chromosome = Path(alignment), 0, source.rpartition(".")[2]
    if not alignment.is_file():
        raise InputError(f"{alignment}: no such file; correct the path")
    opened = gzip.open if alignment.suffix == ".gz" else open
    with opened(alignment, "rt", encoding="ascii") as lines, written_whole(fasta) as beside:
        with gzip.GzipFile(beside, "wb", mtime=0) as out:
            for number, line in enumerate(lines, start=1):
                if not line.startswith("s ") or line.split(maxsplit=2)[1] != source:
                    continue
                where = f"{alignment}, line {number}"
                start, size, sequence = _row(line, where)
                header = f">{chromosome}:{start}-{start + size}\n"
                out.write(f"{header}{sequence}\n".encode("ascii"))
                bases += size
        if not bases:
            raise InputError(f"{alignment}: no row of {source!r}; give a source as its rows do")
    return bases


def _row(line: str, where: str) -> tuple[int, int, str]:
    """Start, size and bases of an ``s`` line."""
    fields = line.split()
    if len(fields) != 7 or not (fields[2].isdigit() and fields[3].isdigit()):
        raise InputError(f"{where}: not an 's' line of seven fields; fetch the file again")
    start, size, strand, sequence = int(fields[2]), int(fields[3]), fields[4], fields[6]
    sequence = sequence.replace("-", "")
    if len(sequence) != size:
        raise InputError(
            f"{where}: says {size} bases and holds {len(sequence)}; fetch the file again"
        )
    if strand != "+":
        raise InputError(
            f"{where}: lies on the reverse strand; project the alignment on {line[2:40].split()[0]}"
        )
    return start, size, sequence
