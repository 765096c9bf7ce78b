"""All files of one method's maps: genome tracks where coordinates are known, tables always."""

import logging
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.attribution.maps import RelevanceMaps
from dnalrp.attribution.storage import read_nucleotides
from dnalrp.provenance import written_whole
from dnalrp.settings.tracks import Tracks
from dnalrp.tracks.arrays import (
    check_finite,
    stacked,
    write_map_table,
    write_modisco_arrays,
    write_regions,
)
from dnalrp.tracks.genome import (
    INTERVAL,
    Track,
    by_sign,
    genome_signal,
    read_chromosome_sizes,
    seqlets_on_genome,
    write_bedgraph,
    write_bigwig,
    write_igv_session,
    write_seqlets,
)

log = logging.getLogger(__name__)
UNPLACED = "unplaced"
Q_VALUE = 0.05
"""Up to it a match names seqlets: the default of ``motifs.q_value``."""


def write_tracks(
    maps: RelevanceMaps | str | Path,
    sequences: pd.DataFrame,
    folder: str | Path,
    name: str,
    *,
    settings: Tracks,
    motifs: str | Path | None = None,
    p_value: float = 1e-4,
) -> list[str]:
    """Write the maps of one method as table, arrays and tracks; return the files' names.

    Sequences without a place, such as shuffled ones, are in the table and in arrays of their
    own, ``NAME.unplaced``; where no sequence has one, the arrays are ``NAME``'s.

    Parameters
    ----------
    maps
        Nucleotide maps, or their file.
    sequences
        ``id, sequence`` and, where known, ``chrom, start, end, strand``.
    name
        What the files' names begin with: the method.
    settings
        ``signs``, ``assembly`` and ``chromosome_sizes`` are read.
    motifs
        Folder of the method's motifs, with ``seqlets.tsv`` and ``matches.tsv``.
    p_value
        Up to it, a match gives its name to a pattern's seqlets.

    Raises
    ------
    InputError
        A map that holds a value that is no number; then nothing is written.
    """
    folder = Path(folder)
    if not isinstance(maps, RelevanceMaps):
        maps = read_nucleotides(maps)
    relevance = maps.padded()
    check_finite(relevance, maps.lengths, maps.ids, name)
    folder.mkdir(parents=True, exist_ok=True)
    table = sequences.set_index("id").loc[maps.ids]
    write_map_table(maps.ids, table["sequence"], relevance, folder / f"{name}.maps.tsv.gz")
    placed = _placed(table)
    if not placed.any():
        return [f"{name}.maps.tsv.gz", *_write_arrays(relevance, table, ~placed, folder / name)]
    written = [f"{name}.maps.tsv.gz", *_write_arrays(relevance, table, placed, folder / name)]
    if not placed.all():
        beside = folder / f"{name}.{UNPLACED}"
        written += _write_arrays(relevance, table, ~placed, beside)
        log.warning(
            "%s: %d of %d sequences have no place on a genome, and are in no track but in %s.*",
            name,
            (~placed).sum(),
            len(placed),
            beside.name,
        )
    kinds = {"start": "int64", "end": "int64"}
    intervals = table.loc[placed, INTERVAL].fillna({"strand": "+"}).astype(kinds)
    signal = genome_signal(relevance[placed], maps.lengths[placed], intervals)
    return [
        *written,
        *_genome_tracks(
            signal, intervals, folder / name, settings=settings, motifs=motifs, p_value=p_value
        ),
    ]


def _placed(table: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Which sequences have a place on a genome."""
    if not set(INTERVAL) <= set(table):
        return np.zeros(len(table), dtype=bool)
    return table[["chrom", "start", "end"]].notna().all(axis=1).to_numpy()


def _write_arrays(
    relevance: npt.NDArray[np.floating],
    table: pd.DataFrame,
    chosen: npt.NDArray[np.bool_],
    beginning: Path,
) -> list[str]:
    """Arrays of the chosen sequences, and their places or ids in the same order."""
    # TF-MoDISco takes seqlets in the order of its input: no class may come first
    order = np.random.default_rng(0).permutation(len(table))
    order = order[chosen[order]]
    rows, has_place = table.iloc[order], _placed(table)[order].all()
    strands = rows["strand"].tolist() if has_place else None
    arrays = stacked(rows["sequence"].tolist(), relevance[order], strands)
    width, name = arrays.relevance.shape[1], beginning.name
    paths = [beginning.with_name(f"{name}.{kind}.npz") for kind in ("one_hot", "scores")]
    write_modisco_arrays(arrays.relevance, arrays.one_hot, paths[0], paths[1])
    files = f"-s {paths[0].name} -a {paths[1].name} -w {width}"
    log.info("%s: modisco motifs %s -n 1000", name, files)
    if has_place:
        paths.append(beginning.with_name(f"{name}.narrowPeak"))
        kinds = {"start": "int64", "end": "int64"}
        write_regions(rows[INTERVAL].astype(kinds), rows.index.tolist(), paths[-1])
        log.info("%s: finemo extract-regions-modisco-fmt -p %s %s", name, paths[-1].name, files)
    else:
        paths.append(beginning.with_name(f"{name}.rows.tsv"))
        with written_whole(paths[-1]) as beside:
            beside.write_text("\n".join(["id", *rows.index, ""]), encoding="utf-8")
    return [path.name for path in paths]


def _genome_tracks(
    signal: pd.DataFrame,
    intervals: pd.DataFrame,
    beginning: Path,
    *,
    settings: Tracks,
    motifs: str | Path | None,
    p_value: float,
) -> list[str]:
    """The files in genome coordinates."""
    folder, name = beginning.parent, beginning.name
    sizes = settings.chromosome_sizes and read_chromosome_sizes(settings.chromosome_sizes)
    tracks, written = [], []
    for ending, part in by_sign(signal, settings.signs).items():
        for kind, write in (("bigWig", write_bigwig), ("bedGraph", write_bedgraph)):
            written.append(f"{name}{ending}.{kind}")
            write(part, folder / written[-1], *([sizes] if kind == "bigWig" else []))
        tracks.append(Track(f"{name}{ending}.bigWig", f"{name}{ending}".replace(".", " ")))
    if motifs is not None:
        file = f"{name}.seqlets.bed"
        seqlets = pd.read_csv(Path(motifs) / "seqlets.tsv", sep="\t")
        matches = pd.read_csv(Path(motifs) / "matches.tsv", sep="\t")
        matches = matches[matches["p_value"] <= p_value]
        if "shuffled_q" in matches:
            matches = matches[matches["shuffled_q"] <= Q_VALUE]
        names = dict(zip(matches["pattern"], matches["name"], strict=True))
        write_seqlets(seqlets_on_genome(seqlets, intervals), folder / file, names)
        written.append(file)
        tracks.append(Track(file, f"{name} motifs"))
    first = signal.iloc[0]
    locus = f"{first['chrom']}:{first['start'] + 1}-{first['start'] + 200}"
    write_igv_session(folder / f"{name}.igv.xml", settings.assembly, tracks, locus)
    return [*written, f"{name}.igv.xml"]
