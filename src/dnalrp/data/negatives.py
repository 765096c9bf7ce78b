"""Negative sequences for users who have positives only."""

import logging
from collections.abc import Iterator
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.data.genome import Genome
from dnalrp.data.intervals import overlapping, unique_names
from dnalrp.data.nucleotides import NUCLEOTIDES, one_hot, reverse_complement
from dnalrp.data.sources.fields import BACKGROUND, GenomicNegatives
from dnalrp.errors import InputError

log = logging.getLogger(__name__)
_TILES_AT_ONCE = 1 << 16  # for memory
_C, _G, _N = b"CGN"


def matched_background(
    peaks: pd.DataFrame, genome: Genome, avoided: pd.DataFrame, matching: GenomicNegatives
) -> pd.DataFrame:
    """Regions of the genome like the peaks in length, GC content and chromosome.

    Each chromosome is cut into tiles of the peaks' length from a random offset; those with an
    unknown base or overlapping ``avoided`` are left out. Peaks then draw tiles, in random order
    and without replacement: one of equal GC count, or else of the nearest within the tolerance.
    Repeats and mappability are not matched.

    Parameters
    ----------
    peaks
        ``id, sequence, split, chrom, strand``, sequences of one length without N.
    avoided
        ``chrom, start, end``: peaks, blacklist. They are widened by ``distance`` here.
    matching
        How many regions a peak, how alike, how far away.

    Returns
    -------
    pandas.DataFrame
        ``id, sequence, split, chrom, start, end, strand``: split and strand are the peak's.

    Raises
    ------
    InputError
        A chromosome has too few such regions.
    """
    length = len(peaks["sequence"].iloc[0])
    widened = avoided.assign(
        start=avoided["start"] - matching.distance, end=avoided["end"] + matching.distance
    )
    regions = []
    for chrom, peaks_there in peaks.groupby("chrom"):
        rng = np.random.default_rng([matching.seed, crc32(str(chrom).encode())])
        tiles = _tiles(genome, str(chrom), length, int(rng.integers(length)))
        tiles = tiles[overlapping(tiles, widened) < 0]
        wanted = peaks_there.loc[peaks_there.index.repeat(matching.ratio)]
        counts = wanted["sequence"].str.count("[GC]").to_numpy()
        chosen = _draw(tiles["gc"].to_numpy(), counts, round(matching.gc_tolerance * length), rng)
        if (chosen < 0).any():
            raise InputError(
                f"negatives: {chrom} has only {(chosen >= 0).sum()} of the {len(chosen)} regions "
                f"like its {len(peaks_there)} peaks; raise 'gc_tolerance', lower 'ratio' or "
                "'distance', or leave these peaks out"
            )
        picked = tiles.iloc[chosen][["chrom", "start", "end"]]
        regions.append(picked.assign(**{k: wanted[k].to_numpy() for k in ("split", "strand")}))
    background = pd.concat(regions, ignore_index=True)
    background.insert(0, "id", interval_ids(BACKGROUND, background))
    background.insert(1, "sequence", window_sequences(background, genome))
    log.info("background: %d regions; %s", len(background), _gc_report(peaks, background))
    return background


def shuffled_background(sequences: pd.DataFrame, ratio: int, seed: int) -> pd.DataFrame:
    """Dinucleotide shuffles of the sequences (tangermeme), in the splits of their originals.

    A shuffle depends on the sequence and the seed only. A sequence that allows no other order
    is its own shuffle; :func:`dnalrp.data.leakage.remove_leakage` then drops both.

    Parameters
    ----------
    sequences
        ``id, sequence, split``, without N.

    Returns
    -------
    pandas.DataFrame
        ``id, sequence, split``, ``ratio`` rows a sequence.
    """
    import torch
    from tangermeme.ersatz import dinucleotide_shuffle

    rows = []
    for row in sequences.itertuples():
        encoded = torch.from_numpy(one_hot([row.sequence]))
        for number in range(1, ratio + 1):
            state = crc32(f"{seed} {number} {row.sequence}".encode()) % 2**31
            letters = dinucleotide_shuffle(encoded, n=1, random_state=state)[0, 0].argmax(dim=0)
            text = "".join(NUCLEOTIDES[letter] for letter in letters)
            rows.append((f"{row.id}_shuffle{number}", text, row.split))
    return pd.DataFrame(rows, columns=["id", "sequence", "split"])


def interval_ids(name: str, intervals: pd.DataFrame) -> pd.Series:
    """Ids of intervals of one class: ``name_chrom:start-end``, and ``(-)`` on that strand.

    One that occurs again, as of two files with one interval, ends in ``_2`` and so on.
    """
    span = intervals["start"].astype(str) + "-" + intervals["end"].astype(str)
    strand = intervals["strand"].map({"+": "", "-": "(-)"})
    return unique_names(name + "_" + intervals["chrom"] + ":" + span + strand)


def window_sequences(intervals: pd.DataFrame, genome: Genome) -> list[str]:
    """Sequences of intervals, each read on its strand."""
    sequences = []
    for row in intervals.itertuples():
        text = genome.window(row.chrom, row.start, row.end)
        sequences.append(reverse_complement(text) if row.strand == "-" else text)
    return sequences


def _tiles(genome: Genome, chrom: str, length: int, offset: int) -> pd.DataFrame:
    """``chrom, start, end, gc`` of all tiles without an unknown base; ``gc`` counts G and C."""
    letters = genome.letters(chrom)[offset:]
    whole = letters[: len(letters) // length * length].reshape(-1, length)
    starts, counts = [], []
    for first in range(0, len(whole), _TILES_AT_ONCE):
        part = whole[first : first + _TILES_AT_ONCE]
        kept = np.flatnonzero((part != _N).all(axis=1))
        starts.append(offset + (first + kept) * length)
        counts.append(((part[kept] == _G) | (part[kept] == _C)).sum(axis=1))
    start = np.concatenate([np.empty(0, dtype=np.int64), *starts])
    gc = np.concatenate([np.empty(0, dtype=np.int64), *counts])
    return pd.DataFrame({"chrom": chrom, "start": start, "end": start + length, "gc": gc})


def _draw(
    available: npt.NDArray[np.int64],
    wanted: npt.NDArray[np.int64],
    tolerance: int,
    rng: np.random.Generator,
) -> npt.NDArray[np.int64]:
    """For each wanted GC count the place of an available one, used once, or -1."""
    if not len(available):
        return np.full(len(wanted), -1, dtype=np.int64)
    order = rng.permutation(len(available))
    order = order[np.argsort(available[order], kind="stable")]
    counts, first = np.unique(available[order], return_index=True)
    left = {
        int(count): places.tolist()
        for count, places in zip(counts, np.split(order, first[1:]), strict=True)
        if (np.abs(wanted - count) <= tolerance).any()
    }
    chosen = np.full(len(wanted), -1, dtype=np.int64)
    for row in rng.permutation(len(wanted)):
        for count in _nearest(int(wanted[row]), tolerance, bool(rng.integers(2))):
            if left.get(count):
                chosen[row] = left[count].pop()
                break
    return chosen


def _nearest(count: int, tolerance: int, up: bool) -> Iterator[int]:
    """``count`` and its neighbours, the nearest first; ``up`` says on which side first."""
    yield count
    for distance in range(1, tolerance + 1):
        yield from (
            (count + distance, count - distance)
            if up
            else (
                count - distance,
                count + distance,
            )
        )


def _gc_report(peaks: pd.DataFrame, background: pd.DataFrame) -> str:
    from scipy.stats import ks_2samp

    shares = [
        frame["sequence"].str.count("[GC]") / frame["sequence"].str.len()
        for frame in (peaks, background)
    ]
    return (
        f"GC {shares[0].mean():.3f} in peaks, {shares[1].mean():.3f} in them, "
        f"KS distance {ks_2samp(*shares).statistic:.4f}"
    )
