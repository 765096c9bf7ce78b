"""One species' sequence out of a multiple alignment."""

import gzip
from pathlib import Path

from dnalrp.data.reading import read_lines
from dnalrp.errors import InputError
from dnalrp.provenance import written_whole


def maf_to_fasta(alignment: str | Path, source: str, fasta: str | Path) -> int:
    """Write the rows of one source of a MAF alignment as gzip FASTA; how many bases that were.

    Every block of the alignment gives one record, gaps removed, case kept. Its header is
    ``chromosome:start-end``, 0-based and half-open, on the forward strand, the chromosome being
    what follows the first dot of the source. Bases that the alignment leaves out are not there.

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
    alignment, bases = Path(alignment), 0
    chromosome = source.partition(".")[2] or source  # names of scaffolds hold dots too
    if not alignment.is_file():
        raise InputError(f"{alignment}: no such file; correct the path")
    with written_whole(fasta) as beside:
        with gzip.GzipFile(beside, "wb", mtime=0) as out:
            for number, text in enumerate(read_lines(alignment), start=1):
                line = text.decode("utf-8", errors="replace")
                if line[:1] != "s" or line.split(maxsplit=2)[:2] != ["s", source]:
                    continue
                where = f"{alignment}, line {number}"
                start, size, sequence = _row(line, where)
                header = f">{chromosome}:{start}-{start + size}\n"
                out.write(f"{header}{sequence}\n".encode())
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
            f"{where}: lies on the reverse strand; project the alignment on {fields[1]}"
        )
    return start, size, sequence
