"""All files of one method's maps: genome tracks where coordinates are known, tables always."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dnalrp.attribution.storage import NucleotideMaps, read_nucleotides
from dnalrp.data.nucleotides import one_hot
from dnalrp.tracks.arrays import write_map_table, write_modisco_arrays, write_regions
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


def write_tracks(
    maps: NucleotideMaps | str | Path,
    sequences: pd.DataFrame,
    folder: str | Path,
    name: str,
    settings: Mapping[str, Any],
    motifs: str | Path | None = None,
    p_value: float = 1e-4,
) -> list[str]:
    """Write the maps of one method as table, arrays and tracks; return the files' names.

    Parameters
    ----------
    maps
        Nucleotide maps, or their file.
    sequences
        ``id, sequence`` and, where known, ``chrom, start, end, strand``.
    name
        What the files' names begin with: the method.
    settings
        ``signs``, ``assembly`` and ``chromosome_sizes`` (a path or None).
    motifs
        Folder of the method's motifs, with ``seqlets.tsv`` and ``matches.tsv``.
    p_value
        Up to it, a match gives its name to a pattern's seqlets.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if not isinstance(maps, NucleotideMaps):
        maps = read_nucleotides(maps)
    table = sequences.set_index("id").loc[maps.ids]
    texts = table["sequence"].tolist()
    # TF-MoDISco takes seqlets in the order of its input: no class may come first
    order = np.random.default_rng(0).permutation(len(texts))
    shuffled = table.iloc[order]
    written = [f"{name}.maps.tsv.gz", f"{name}.one_hot.npz", f"{name}.scores.npz"]
    write_map_table(maps.ids, texts, maps.relevance, folder / written[0])
    encoded = one_hot(texts)[order]
    write_modisco_arrays(maps.relevance[order], encoded, *(folder / file for file in written[1:]))
    if not set(INTERVAL) <= set(table):
        ids = "\n".join(["id", *shuffled.index])
        (folder / f"{name}.rows.tsv").write_text(f"{ids}\n", encoding="utf-8")
        return [*written, f"{name}.rows.tsv"]
    write_regions(shuffled[INTERVAL], shuffled.index.tolist(), folder / f"{name}.narrowPeak")
    return [
        *(*written, f"{name}.narrowPeak"),
        *_genome_tracks(maps, table[INTERVAL], folder, name, settings, motifs, p_value),
    ]


def _genome_tracks(
    maps: NucleotideMaps,
    intervals: pd.DataFrame,
    folder: Path,
    name: str,
    settings: Mapping[str, Any],
    motifs: str | Path | None,
    p_value: float,
) -> list[str]:
    """The files in genome coordinates."""
    sizes = settings["chromosome_sizes"] and read_chromosome_sizes(settings["chromosome_sizes"])
    signal = genome_signal(maps.relevance, maps.lengths, intervals)
    tracks, written = [], []
    for ending, part in by_sign(signal, settings["signs"]).items():
        for kind, write in (("bigWig", write_bigwig), ("bedGraph", write_bedgraph)):
            written.append(f"{name}{ending}.{kind}")
            write(part, folder / written[-1], *([sizes] if kind == "bigWig" else []))
        tracks.append(Track(f"{name}{ending}.bigWig", f"{name}{ending}".replace(".", " ")))
    if motifs is not None:
        file = f"{name}.seqlets.bed"
        seqlets = pd.read_csv(Path(motifs) / "seqlets.tsv", sep="\t")
        matches = pd.read_csv(Path(motifs) / "matches.tsv", sep="\t")
        matches = matches[matches["p_value"] <= p_value]
        names = dict(zip(matches["pattern"], matches["name"], strict=True))
        write_seqlets(seqlets_on_genome(seqlets, intervals), folder / file, names)
        written.append(file)
        tracks.append(Track(file, f"{name} motifs"))
    first = signal.iloc[0]
    locus = f"{first['chrom']}:{first['start'] + 1}-{first['start'] + 200}"
    write_igv_session(folder / f"{name}.igv.xml", settings["assembly"], tracks, locus)
    return [*written, f"{name}.igv.xml"]
