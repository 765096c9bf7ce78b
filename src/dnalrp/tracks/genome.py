"""Relevance in genome coordinates: bigWig, bedGraph, BED of seqlets, and a session for IGV."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.data.reading import read_text
from dnalrp.errors import InputError
from dnalrp.provenance import written_whole
from dnalrp.tracks.arrays import Lengths, check_finite

INTERVAL = ["chrom", "start", "end", "strand"]
SIGNS = ("signed", "separate")
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")
_GENOME_FILES = (".fa", ".fasta", ".fna", ".2bit", ".genome", ".json", ".gz", ".bgz")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Track(NamedTuple):
    """A file that a session shows: its path, seen from the session's, and its name."""

    path: str
    name: str


def genome_signal(
    relevance: npt.NDArray[np.floating], lengths: Lengths, intervals: pd.DataFrame
) -> pd.DataFrame:
    """Relevance of the genome's bases, from maps of sequences whose place is known.

    A base that several sequences cover gets the mean of their values. A sequence of the strand
    ``-`` reads the genome backwards: its first nucleotide is the interval's last base.

    Parameters
    ----------
    relevance
        (sequences, longest length); beyond a sequence's end it is not looked at.
    lengths
        (sequences,).
    intervals
        ``chrom, start, end, strand`` of each sequence, 0-based half-open.

    Returns
    -------
    pandas.DataFrame
        ``chrom, start, end, value``, sorted, without overlaps; neighbouring bases of equal
        value share a row. ``value`` is float32.

    Raises
    ------
    InputError
        An interval is not as long as its sequence, or a relevance is no number.
    """
    _check_lengths(lengths, intervals)
    names = [f"{row.chrom}:{row.start}-{row.end}" for row in intervals.itertuples()]
    check_finite(relevance, lengths, names, "track")
    parts = []
    rows = pd.Series(np.arange(len(intervals)))
    for chrom, chrom_rows in rows.groupby(intervals["chrom"].to_numpy(), sort=True):
        places, values = [], []
        for row in chrom_rows:
            start, end = int(intervals["start"].iloc[row]), int(intervals["end"].iloc[row])
            places.append(np.arange(start, end))
            forward = relevance[row, : end - start].astype(np.float64)
            values.append(forward[::-1] if intervals["strand"].iloc[row] == "-" else forward)
        covered, which = np.unique(np.concatenate(places), return_inverse=True)
        total = np.bincount(which, weights=np.concatenate(values))
        mean = (total / np.bincount(which)).astype(np.float32)
        parts.append(_runs(str(chrom), covered, mean))
    return pd.concat(parts, ignore_index=True)


def _check_lengths(lengths: Lengths, intervals: pd.DataFrame) -> None:
    if not len(intervals):
        raise InputError("no sequence has coordinates; a track needs chrom, start and end")
    wrong = (intervals["end"] - intervals["start"]).to_numpy() != np.asarray(lengths)
    if wrong.any():
        interval = intervals.iloc[int(wrong.argmax())]
        raise InputError(
            f"{interval['chrom']}:{interval['start']}-{interval['end']}: the sequence has "
            f"{np.asarray(lengths)[wrong][0]} bases; correct the coordinates"
        )


def _runs(
    chrom: str, places: npt.NDArray[np.int64], values: npt.NDArray[np.float32]
) -> pd.DataFrame:
    """Rows of equal value over neighbouring bases."""
    breaks = np.flatnonzero((np.diff(places) != 1) | (np.diff(values) != 0)) + 1
    first = np.concatenate([[0], breaks])
    last = np.concatenate([breaks, [len(places)]]) - 1
    columns = {"start": places[first], "end": places[last] + 1, "value": values[first]}
    return pd.DataFrame({"chrom": chrom, **columns})


def by_sign(signal: pd.DataFrame, signs: str = "signed") -> dict[str, pd.DataFrame]:
    """The tracks to write of a signal, by the ending of their names.

    ``signed`` is one track of both signs; ``separate`` are two, ``.positive`` and ``.negative``,
    each with the bases of its sign and their signed values; one without any is left out.
    """
    if signs not in SIGNS:
        raise ValueError(f"signs={signs!r}: choose one of {', '.join(SIGNS)}")
    if signs == "signed":
        return {"": signal}
    parts = {
        ".positive": signal[signal["value"] > 0],
        ".negative": signal[signal["value"] < 0],
    }
    return {ending: part for ending, part in parts.items() if len(part)}


def read_chromosome_sizes(path: str | Path) -> dict[str, int]:
    """Lengths of chromosomes, from a ``chrom.sizes`` file or a FASTA index (``.fai``).

    Blank lines and comments are left out.

    Raises
    ------
    InputError
        No such file, a line without a name and a number, or two lengths of one chromosome.
    """
    try:
        lines = read_text(path).split("\n")
    except InputError as error:
        raise InputError(f"{path}: cannot be read; give a chrom.sizes or .fai file") from error
    sizes: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, rest = line.partition("\t")
        name, size = name.strip(), rest.split("\t")[0].strip()
        if not name or not (size.isascii() and size.isdecimal()):
            raise InputError(f"{path}, line {number}: not 'name<tab>length'; correct the line")
        if sizes.setdefault(name, int(size)) != int(size):
            raise InputError(
                f"{path}, line {number}: {name} has {size} bases here and {sizes[name]} before; "
                "leave one out"
            )
    return sizes


def _check_values(signal: pd.DataFrame, path: str | Path) -> None:
    """Refuse values that are no numbers: a bigWig of them makes its readers fail."""
    wrong = ~np.isfinite(signal["value"].to_numpy(dtype=float))
    if wrong.any():
        row = signal.iloc[int(wrong.argmax())]
        raise InputError(
            f"{path}: the value of {row['chrom']}:{row['start']}-{row['end']} is {row['value']}; "
            "leave its sequence out"
        )


def write_bigwig(
    signal: pd.DataFrame, path: str | Path, sizes: Mapping[str, int] | None = None
) -> None:
    """Write a signal of :func:`genome_signal` as bigWig.

    Parameters
    ----------
    sizes
        Lengths of the chromosomes. By default each ends where the signal does, which browsers
        take; programs that compare the header with a genome want the true ones.

    Raises
    ------
    InputError
        A chromosome is not in ``sizes``, or ends before the signal does; a value is no number.
    """
    import pyBigWig

    _check_values(signal, path)
    ends = signal.groupby("chrom", sort=True)["end"].max()
    known = ends.to_dict() if sizes is None else dict(sizes)
    for chrom, end in ends.items():
        if known.get(chrom, 0) < end:
            raise InputError(
                f"{chrom}: {end} bases are needed, the chromosome sizes give "
                f"{known.get(chrom, 'none')}; they are of another assembly"
            )
    with written_whole(path) as beside:
        file = pyBigWig.open(str(beside), "w")
        try:
            file.addHeader([(chrom, int(known[chrom])) for chrom in sorted(known)])
            for chrom, chrom_signal in signal.groupby("chrom", sort=True):
                file.addEntries(
                    [chrom] * len(chrom_signal),
                    chrom_signal["start"].tolist(),
                    ends=chrom_signal["end"].tolist(),
                    values=chrom_signal["value"].astype(float).tolist(),
                )
        finally:
            file.close()


def write_bedgraph(signal: pd.DataFrame, path: str | Path) -> None:
    """Write a signal as bedGraph, sorted and without a header, as ``bedGraphToBigWig`` asks."""
    _check_values(signal, path)
    columns = signal[["chrom", "start", "end", "value"]]
    with written_whole(path) as beside:
        columns.to_csv(beside, sep="\t", header=False, index=False, float_format="%.6g")


def seqlets_on_genome(seqlets: pd.DataFrame, intervals: pd.DataFrame) -> pd.DataFrame:
    """Seqlets in genome coordinates; those of sequences without coordinates are left out.

    Parameters
    ----------
    seqlets
        ``id, start, end, strand, pattern, contribution``: within the sequences.
    intervals
        ``chrom, start, end, strand``, indexed by ``id``.

    Returns
    -------
    pandas.DataFrame
        The same columns with ``chrom`` in place of ``id``, sorted by place.
    """
    placed = seqlets.merge(
        intervals[INTERVAL].dropna(), left_on="id", right_index=True, suffixes=("", "_whole")
    )
    backwards = placed["strand_whole"] == "-"
    offset, reach = placed["start_whole"], placed["end_whole"]
    turned = placed["strand"].map({"+": "-", "-": "+"})
    placed_on_genome = pd.DataFrame(
        {
            "chrom": placed["chrom"],
            "start": (offset + placed["start"]).where(~backwards, reach - placed["end"]),
            "end": (offset + placed["end"]).where(~backwards, reach - placed["start"]),
            "strand": placed["strand"].where(~backwards, turned),
            "pattern": placed["pattern"],
            "contribution": placed["contribution"],
        }
    ).astype({"start": "int64", "end": "int64"})
    return placed_on_genome.sort_values(["chrom", "start", "end"], kind="stable", ignore_index=True)


def write_seqlets(
    seqlets: pd.DataFrame, path: str | Path, names: Mapping[str, str] | None = None
) -> None:
    """Write seqlets as BED with six columns.

    Parameters
    ----------
    seqlets
        As :func:`seqlets_on_genome` gives them.
    names
        Names of motifs by pattern, put behind the pattern's own. The score is the absolute
        contribution, 1000 the highest of the file.
    """
    known = names or {}
    shown = seqlets["pattern"].map(
        lambda pattern: re.sub(r"\s+", "_", "_".join([pattern, *known.get(pattern, "").split()]))
    )
    size = seqlets["contribution"].abs()
    score = (1000 * size / size.max()).fillna(0).round().astype(int)
    columns = [seqlets[name] for name in ("chrom", "start", "end")]
    bed = pd.concat([*columns, shown, score, seqlets["strand"]], axis=1)
    with written_whole(path) as beside:
        bed.to_csv(beside, sep="\t", header=False, index=False)


def write_igv_session(path: str | Path, assembly: str, tracks: Sequence[Track], locus: str) -> None:
    """Write a session that the Integrative Genomics Viewer opens with these tracks.

    Parameters
    ----------
    assembly
        The viewer's id of a genome, such as ``hg19``, or the path of a FASTA file. A relative
        one is seen from here, and written as the viewer looks for it: from the session's folder.
    locus
        What is shown first, ``chrom:start-end``.
    """
    for text in (assembly, locus, *(part for track in tracks for part in track)):
        if _NOT_IN_XML.search(text):
            raise InputError(f"{text!r}: a control character cannot be in a session; remove it")
    genome = _seen_from(assembly, Path(path).parent)
    session = ElementTree.Element("Session", genome=genome, locus=locus, version="8")
    resources = ElementTree.SubElement(session, "Resources")
    for track in tracks:
        ElementTree.SubElement(resources, "Resource", path=track.path, name=track.name)
    ElementTree.indent(session)
    with written_whole(path) as beside:
        ElementTree.ElementTree(session).write(beside, encoding="UTF-8", xml_declaration=True)


def _seen_from(assembly: str, folder: Path) -> str:
    """An assembly's relative path as it is from ``folder``; ids, URLs and full paths stay."""
    names_file = "/" in assembly or assembly.lower().endswith(_GENOME_FILES)
    if _SCHEME.match(assembly) or not (names_file or Path(assembly).is_file()):
        return assembly
    return assembly if Path(assembly).is_absolute() else os.path.relpath(assembly, folder)
