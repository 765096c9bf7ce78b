"""All files of one method's maps: genome tracks where coordinates are known, tables always."""

import logging
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.attribution.maps import RelevanceMaps
from dnalrp.attribution.storage import read_nucleotides
from dnalrp.provenance import written_whole
from dnalrp.results import MATCHES, SEQLETS
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


def write_tracks(
    maps: RelevanceMaps | str | Path,
    sequences: pd.DataFrame,
    folder: str | Path,
    name: str,
    *,
    settings: Tracks,
    motifs: str | Path | None = None,
    p_value: float = 1e-4,
    q_value: float = 0.05,
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
    p_value, q_value
        A match below the first and up to the second gives its name to a pattern's seqlets: they
        are the settings' of the same names below ``motifs``.

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
    written = [f"{name}.maps.tsv.gz"]
    unplaced = f"{name}.{UNPLACED}" if placed.any() else name
    for rows, beginning in ((placed, name), (~placed, unplaced)):
        if rows.any():
            written += _write_arrays(relevance, table, rows, folder / beginning)
    if not placed.any():
        return written
    if not placed.all():
        log.warning(
            "%s: %d of %d sequences have no place on a genome, and are in no track but in %s.*",
            name,
            (~placed).sum(),
            len(placed),
            unplaced,
        )
    kinds = {"start": "int64", "end": "int64"}
    intervals = table.loc[placed, INTERVAL].fillna({"strand": "+"}).astype(kinds)
    signal = genome_signal(relevance[placed], maps.lengths[placed], intervals)
    beds = []
    if motifs is not None:
        names = _pattern_names(Path(motifs), p_value, q_value)
        beds.append(f"{name}.seqlets.bed")
        seqlets = pd.read_csv(Path(motifs) / SEQLETS, sep="\t")
        write_seqlets(seqlets_on_genome(seqlets, intervals), folder / beds[0], names)
    return [*written, *_genome_tracks(signal, folder / name, beds, settings=settings)]


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


def _pattern_names(motifs: Path, p_value: float, q_value: float) -> dict[str, str]:
    """Names of the motifs that patterns surely match, by pattern."""
    matches = pd.read_csv(motifs / MATCHES, sep="\t")
    sure = matches["p_value"] < p_value
    if "shuffled_q" in matches:
        sure &= matches["shuffled_q"] <= q_value
    return dict(zip(matches.loc[sure, "pattern"], matches.loc[sure, "name"], strict=True))


def _genome_tracks(
    signal: pd.DataFrame, beginning: Path, beds: list[str], *, settings: Tracks
) -> list[str]:
    """The files in genome coordinates, and a session that shows them with BED files."""
    folder, name = beginning.parent, beginning.name
    known = settings.chromosome_sizes
    sizes = read_chromosome_sizes(known) if known else None
    tracks, written = [], []
    for ending, part in by_sign(signal, settings.signs).items():
        bigwig, bedgraph = f"{name}{ending}.bigWig", f"{name}{ending}.bedGraph"
        write_bigwig(part, folder / bigwig, sizes)
        write_bedgraph(part, folder / bedgraph)
        written += [bigwig, bedgraph]
        tracks.append(Track(bigwig, f"{name}{ending}".replace(".", " ")))
    tracks += [Track(bed, f"{name} motifs") for bed in beds]
    first = signal.iloc[0]
    locus = f"{first['chrom']}:{first['start'] + 1}-{first['start'] + 200}"
    write_igv_session(folder / f"{name}.igv.xml", settings.assembly, tracks, locus)
    return [*written, *beds, f"{name}.igv.xml"]
