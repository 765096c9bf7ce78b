"""Relevance below the token: the mean map over several segmentations of the same sequence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt
from tqdm.auto import tqdm
from transformers import PreTrainedModel

from dnalrp.attribution.catalogue import METHODS, Choice
from dnalrp.attribution.explanation import ONCE_POSITIONAL, iterate_relevance
from dnalrp.attribution.maps import RelevanceMaps, nucleotide_spans
from dnalrp.attribution.targets import MaskedToken, Target
from dnalrp.data.nucleotides import NUCLEOTIDES, checked_sequence, reverse_complement
from dnalrp.errors import InputError
from dnalrp.names import base_method
from dnalrp.notices import positional_until_next_release
from dnalrp.projection import to_nucleotides


@dataclass(frozen=True)
class Segmentations:
    """Which segmentations of a sequence are averaged: all combinations of the three.

    The first is always the tokenizer's own; alone it gives the ``split`` map.

    Attributes
    ----------
    reverse_complement
        Read the other strand too.
    shifts
        Read the sequence without its first 1, 2, ... ``shifts`` bases too. Byte pairs hardly
        move by it, words of fixed length do.
    dropout
        Chance that a junction between two nucleotides is barred to tokens, in ``draws``.
    draws
        Further segmentations with dropout.
    seed
        Of the draws; each depends on it, its number and the text that is read, on nothing else.
    """

    reverse_complement: bool = True
    shifts: int = 0
    dropout: float = 0.0
    draws: int = 0
    seed: int = 1

    def __post_init__(self) -> None:
        if self.shifts < 0 or self.draws < 0:
            raise InputError(f"shifts {self.shifts}, draws {self.draws}: give 0 or more")
        if not 0 <= self.dropout <= 1:
            raise InputError(f"dropout {self.dropout}: give a chance from 0 to 1")
        if self.draws and not self.dropout:
            raise InputError(f"{self.draws} draws with dropout 0 are all alike; raise it")

    def readings(self) -> list["Reading"]:
        """All combinations, the tokenizer's own segmentation first."""
        strands = (False, True) if self.reverse_complement else (False,)
        combined = product(range(self.draws + 1), range(self.shifts + 1), strands)
        return [Reading(reverse, shift, draw) for draw, shift, reverse in combined]


class Reading(NamedTuple):
    """One segmentation: strand, bases removed at the start of that strand, number of the draw."""

    reverse: bool
    shift: int
    draw: int

    def text(self, sequence: str) -> str:
        """What the model reads of an upper-case sequence."""
        strand = reverse_complement(sequence) if self.reverse else sequence
        return strand[self.shift :]

    def positions(self, length: int) -> slice:
        """Positions in a sequence of this length of the text's nucleotides, in the text's order."""
        if not self.reverse:
            return slice(self.shift, None)
        return slice(length - 1 - self.shift, None, -1)

    def barred(self, text: str, settings: Segmentations) -> npt.NDArray[np.bool_]:
        """Junctions of the text that this draw bars, (length - 1,)."""
        rng = np.random.default_rng([settings.seed, self.draw, crc32(text.encode())])
        return rng.random(len(text) - 1) < settings.dropout


class AverageMaps(NamedTuple):
    """Average relevance per nucleotide.

    ``relevance`` (sequences, longest length) float32 is zero beyond a sequence's end.
    ``outputs`` (segmentations, sequences) are the explained outputs; row 0 is the tokenizer's
    own segmentation, what the model says of the sequence.
    """

    relevance: npt.NDArray[np.float32]
    outputs: npt.NDArray[np.float64]


@positional_until_next_release(4, ("target", *ONCE_POSITIONAL))
def average_relevance(
    model: PreTrainedModel,
    sequences: Sequence[str],
    method: str | Choice = "attnlrp",
    segmentations: Segmentations = Segmentations(),
    *,
    target: Target | int | str | None = None,
    **options: Any,
) -> AverageMaps:
    """Mean over segmentations of ``split`` maps: the map ``average``.

    Tokens of different segmentations overlap in part, so that their mean resolves below the
    token. Without shifts each map's sum is the mean of those of its segmentations. A position
    that a shift cuts off is averaged over the segmentations that hold it. Costs one explanation
    a segmentation. Order and batch size do not change a result.

    Other arguments are those of :func:`dnalrp.explain`.

    Raises
    ------
    InputError
        As :func:`dnalrp.explain`; a sequence that a shift cuts off whole; or a target that may
        differ between segmentations: a masked token, or by default with three classes or more.
    """
    batches = [
        batch.average
        for batch in iterate_average(
            model, sequences, method, segmentations, target=target, **options
        )
    ]
    relevance = np.zeros((len(sequences), max(map(len, sequences))), dtype=np.float32)
    outputs = np.empty((len(segmentations.readings()), len(sequences)))
    for batch in batches:
        outputs[:, batch.rows] = batch.segmented_outputs
        for row, values in zip(batch.rows, batch.relevance, strict=True):
            relevance[row, : len(values)] = values
    return AverageMaps(relevance, outputs)


class AveragedBatch(NamedTuple):
    """Average maps of some of the sequences, per nucleotide, and the plain ones, per token.

    The plain explanation is that of the tokenizer's own segmentation, the first averaged.
    """

    average: RelevanceMaps
    plain: RelevanceMaps


@positional_until_next_release(4, ("target", *ONCE_POSITIONAL))
def iterate_average(
    model: PreTrainedModel,
    sequences: Sequence[str],
    method: str | Choice = "attnlrp",
    segmentations: Segmentations = Segmentations(),
    *,
    target: Target | int | str | None = None,
    progress: bool = True,
    positional: bool = False,
    ids: Sequence[str] = (),
    **options: Any,
) -> Iterator[AveragedBatch]:
    """Like :func:`average_relevance`, one batch at a time, longest sequences first.

    Each batch holds the plain explanation too, as :func:`iterate_relevance` gives it, with
    ``positional`` relevance if wanted: who needs both gets it here without computing it again.
    ``ids`` name the sequences.
    """
    _check_target(model, target)
    checked = _checked(sequences, segmentations.shifts)
    first, *others = segmentations.readings()

    def explain_anew(texts: Sequence[str], **more: Any) -> Iterator[RelevanceMaps]:
        return iterate_relevance(model, texts, method, target, progress=False, **options, **more)

    name = method.method if isinstance(method, Choice) else method
    bar = tqdm(
        total=len(checked),
        desc=f"{name}, {1 + len(others)} segmentations",
        unit="seq",
        disable=not progress,
    )
    with bar:
        for plain in explain_anew(checked, positional=positional, ids=ids):
            texts = list(plain.sequences)
            sums = _Sums(texts, 1 + len(others))
            sums.add(first, plain.changed(rows=np.arange(len(texts))))
            for reading in others:
                read = [reading.text(text) for text in texts]
                barred = None
                if reading.draw:
                    barred = [reading.barred(text, segmentations) for text in read]
                for batch in explain_anew(read, barred=barred):
                    sums.add(reading, batch)
            yield AveragedBatch(sums.maps(plain), plain)
            bar.update(len(texts))


class _Sums:
    """Sums of ``split`` maps over readings of the same sequences."""

    def __init__(self, sequences: Sequence[str], readings: int) -> None:
        self.total = [np.zeros(len(sequence)) for sequence in sequences]
        self.times = [np.zeros(len(sequence)) for sequence in sequences]
        self.outputs = np.empty((readings, len(sequences)))
        self.numbers: dict[Reading, int] = {}

    def add(self, reading: Reading, batch: RelevanceMaps) -> None:
        """Add maps of a reading to those of the sequences that the batch's rows number."""
        number = self.numbers.setdefault(reading, len(self.numbers))
        self.outputs[number, batch.rows] = batch.outputs
        for row, relevance, spans in zip(batch.rows, batch.relevance, batch.spans, strict=True):
            length = len(self.total[row])
            positions = reading.positions(length)
            read = length - reading.shift
            self.total[row][positions] += to_nucleotides(relevance, spans, read)
            self.times[row][positions] += 1

    def maps(self, plain: RelevanceMaps) -> RelevanceMaps:
        """Each position's mean over the readings that hold it, of the sequences of ``plain``."""
        means = [total / times for total, times in zip(self.total, self.times, strict=True)]
        return plain.changed(
            relevance=means,
            spans=nucleotide_spans(plain.lengths),
            segmented_outputs=self.outputs,
            ledger=None,
            layer_ledger=None,
            positional=None,
            gap=None,
        )


def _checked(sequences: Sequence[str], shifts: int) -> list[str]:
    if isinstance(sequences, str) or not len(sequences):
        raise InputError("sequences: give a list of one or more sequences")
    checked = [checked_sequence(s, f"sequence {i}") for i, s in enumerate(sequences)]
    for index, sequence in enumerate(checked):
        if len(sequence) <= shifts:
            raise InputError(
                f"sequence {index} has {len(sequence)} bases: shifts up to {shifts} leave "
                "nothing of it; lower shifts"
            )
    return checked


def resolves_below_tokens(model: PreTrainedModel, method: str) -> bool:
    """Would an average be finer than the method's own map: do its tokens span nucleotides?"""
    letters = set(NUCLEOTIDES)
    merged = any(len(t) > 1 and set(t) <= letters for t in model.tokenizer.get_vocab())
    return merged and METHODS[base_method(method)].grain == "token"


def _check_target(model: PreTrainedModel, target: Target | int | str | None) -> None:
    label = target.label if isinstance(target, Target) else target
    if isinstance(target, MaskedToken):
        raise InputError("a masked token lies in one segmentation only; give a class")
    if label is None and model.config.num_labels > 2:
        raise InputError(
            f"target: of {model.config.num_labels} classes segmentations may predict different "
            "ones; name the class to explain"
        )
