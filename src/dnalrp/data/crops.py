"""Random crops of genomes, and windows held out from them."""

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dnalrp.data.crop_settings import CropSettings
from dnalrp.data.fasta import read_fasta
from dnalrp.data.nucleotides import reverse_complement
from dnalrp.errors import InputError

TRIES = 10_000  # for one crop, before the genome is taken to have no place for it


class CropSampler:
    """Draws windows of genomes, none of which touches those that are held out.

    All records of the FASTA files are held in memory, one byte a base. A position is counted from
    the first base of the first record; windows never cross the end of a record.

    Parameters
    ----------
    fasta
        FASTA files, plain or gzip.
    crops
        Which crops to draw.
    held_out
        How many windows of the longest length to hold out, none of which overlap.
    seed
        Decides the windows.

    Raises
    ------
    InputError
        A file is not FASTA, or there is no place for a crop or window.
    """

    def __init__(
        self, fasta: Sequence[str | Path], crops: CropSettings, *, held_out: int, seed: int
    ) -> None:
        self.crops = crops
        self.records = [record.sequence for path in fasta for record in read_fasta(path)]
        self.ends = np.cumsum([len(record) for record in self.records])
        self._held_out: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)
        rng, longest = np.random.default_rng((seed, 0)), crops.length[1]
        for _ in range(held_out):
            position, _ = self._draw(rng, longest)
            self._held_out = np.sort(np.append(self._held_out, position))

    @property
    def bases(self) -> int:
        """Bases of all records, N included."""
        return int(self.ends[-1])

    def held_out(self) -> list[str]:
        """Sequences of the windows held out, forward strand, by position."""
        return [self._read(int(position), self.crops.length[1]) for position in self._held_out]

    def crop(self, seed: Sequence[int]) -> str:
        """The crop of this seed: always the same, and never over a window held out."""
        rng = np.random.default_rng(seed)
        shortest, longest = self.crops.length
        _, sequence = self._draw(rng, int(rng.integers(shortest, longest + 1)))
        other_strand = rng.random() < self.crops.reverse_complement
        return reverse_complement(sequence) if other_strand else sequence

    def _draw(self, rng: np.random.Generator, length: int) -> tuple[int, str]:
        """Position and sequence, uniform over all that may be taken."""
        for _ in range(TRIES):
            position = int(rng.integers(self.bases))
            if self._overlaps_held_out(position, length):
                continue
            sequence = self._read(position, length)
            if len(sequence) == length and sequence.count("N") <= self.crops.max_n_share * length:
                return position, sequence
        raise InputError(
            f"no place for {length} bases in {len(self.records)} record(s) of {self.bases}, apart "
            "from N and windows held out; lower 'length' or 'held_out', or give more sequence"
        )

    def _overlaps_held_out(self, position: int, length: int) -> bool:
        """Windows are of one length, so that only the nearest before and after matter."""
        after = bisect_right(self._held_out, position)  # type: ignore[call-overload]
        if after < len(self._held_out) and self._held_out[after] < position + length:
            return True
        return after > 0 and position < self._held_out[after - 1] + self.crops.length[1]

    def _read(self, position: int, length: int) -> str:
        """Up to ``length`` bases, fewer at the end of a record."""
        index = int(np.searchsorted(self.ends, position, side="right"))
        record = self.records[index]
        start = position - (int(self.ends[index]) - len(record))
        return record[start : start + length]
