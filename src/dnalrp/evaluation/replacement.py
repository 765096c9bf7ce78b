"""Curves of the output as parts of the input are replaced in order of relevance.

Nucleotides are replaced by other nucleotides and the sequence is tokenised anew, which holds for
any model; tokens are replaced by ``[MASK]``, which keeps the other tokens, for models that know
one. Followed is the margin of the class that the model calls on the unchanged input.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

from dnalrp.data.nucleotides import NUCLEOTIDES

Array = npt.NDArray[np.floating]
Letters = npt.NDArray[np.integer]
LEAST_RANGE = 0.25  # of the mean: ratios to less would outweigh all others
_CODES = np.frombuffer(NUCLEOTIDES.encode("ascii"), dtype=np.uint8)


class Subject(NamedTuple):
    """Inputs that are perturbed, and the model that answers.

    Attributes
    ----------
    ids
        Names of the sequences: all that is random depends on them, not on other sequences.
    rows
        The replaceable parts of each, (parts,): letters as ASCII codes, or token ids.
    called
        Class whose margin is followed, (sequences,).
    render
        Number of a sequence and changed parts to a variant that ``predict`` takes.
    predict
        Variants to logits, (variants, labels).
    """

    ids: Sequence[str]
    rows: list[Letters]
    called: npt.NDArray[np.int64]
    render: Callable[[int, Letters], Hashable]
    predict: Callable[[list], Array]

    def part(self, count: int) -> "Subject":
        """The first ``count`` sequences."""
        return self._replace(
            ids=self.ids[:count], rows=self.rows[:count], called=self.called[:count]
        )


def nucleotide_subject(
    predict: Callable[[list[str]], Array],
    ids: Sequence[str],
    sequences: Sequence[str],
    called: npt.NDArray[np.int64],
) -> Subject:
    """Sequences whose nucleotides are replaced; ``predict`` tokenises every variant anew."""
    rows: list[Letters] = [np.frombuffer(s.encode("ascii"), dtype=np.uint8) for s in sequences]
    return Subject(ids=ids, rows=rows, called=called, render=_text, predict=predict)


def _text(row: int, letters: Letters) -> str:
    return bytes(letters).decode("ascii")


def token_subject(
    predict: Callable[[list[tuple[int, ...]]], Array],
    ids: Sequence[str],
    tokens: Sequence[Sequence[int]],
    *,
    real: Sequence[npt.NDArray[np.bool_]],
    called: npt.NDArray[np.int64],
) -> Subject:
    """Sequences whose real tokens are replaced one for one; the special ones stay."""
    whole = [np.asarray(ids_of, dtype=np.int64) for ids_of in tokens]

    def render(row: int, values: Letters) -> tuple[int, ...]:
        changed = whole[row].copy()
        changed[real[row]] = values
        return tuple(changed.tolist())

    rows: list[Letters] = [ids_of[kept] for ids_of, kept in zip(whole, real, strict=True)]
    return Subject(ids=ids, rows=rows, called=called, render=render, predict=predict)


def called_margin(logits: Array, called: npt.NDArray[np.int64]) -> Array:
    """Logit of the class called minus the highest other, (variants,)."""
    rows = np.arange(len(logits))
    others = np.array(logits, dtype=np.float64)
    others[rows, called] = -np.inf
    return logits[rows, called] - others.max(axis=1)


class Curves(NamedTuple):
    """Followed output, on unchanged inputs (sequences,) and on changed ones (sequences, shares).

    Of each input a share is replaced: ``most_first`` from the highest relevance on (MoRF),
    ``least_first`` from the lowest (LeRF); in ``kept`` that share alone stays, of the highest.
    """

    original: Array
    most_first: Array
    least_first: Array
    kept: Array


def background(
    subject: Subject, frequencies: Sequence[float], draws: int, seed: int
) -> list[Letters]:
    """Replacements drawn nucleotide by nucleotide from base ``frequencies``, (draws, length)."""
    return [
        _CODES[
            _generator(seed, name, "background").choice(4, size=(draws, len(row)), p=frequencies)
        ]
        for name, row in zip(subject.ids, subject.rows, strict=True)
    ]


def dinucleotide_shuffles(subject: Subject, draws: int, seed: int) -> list[Letters]:
    """Replacements from shuffles that keep the sequence's dinucleotides, (draws, length) each.

    An N moves like a letter of its own.
    """
    import torch
    from tangermeme.ersatz import dinucleotide_shuffle

    letters = np.frombuffer(f"{NUCLEOTIDES}N".encode("ascii"), dtype=np.uint8)
    result: list[Letters] = []
    for name, row in zip(subject.ids, subject.rows, strict=True):
        one_hot = torch.from_numpy((row[None, :] == _CODES[:, None]).astype(np.int8))
        states = _generator(seed, name, "shuffle").integers(2**31, size=draws)
        copies = one_hot.expand(draws, -1, -1).contiguous()
        shuffled = dinucleotide_shuffle(copies, n=1, random_state=states, allow_N=True)[:, 0]
        codes = torch.where(shuffled.any(dim=1), shuffled.argmax(dim=1), len(NUCLEOTIDES))
        result.append(letters[codes.numpy()])
    return result


def substitutions(subject: Subject, count: int, seed: int) -> list[Letters]:
    """For each nucleotide ``count`` of the three others, (count, length); an N stays."""
    result = []
    for name, row in zip(subject.ids, subject.rows, strict=True):
        code = np.searchsorted(_CODES, row).clip(max=3)
        generator = _generator(seed, name, "substitution")
        steps = generator.permuted(np.tile([[1], [2], [3]], len(row)), axis=0)
        others = _CODES[(code + steps[:count]) % 4]
        result.append(np.where(_CODES[code] == row, others, row))
    return result


def masks(subject: Subject, mask: int) -> list[Letters]:
    """The mask token for every real token, (1, tokens) each."""
    return [np.full((1, len(row)), mask) for row in subject.rows]


def replacement_curves(
    subject: Subject,
    fillers: Sequence[Letters],
    maps: Mapping[str, Array],
    *,
    shares: Sequence[float],
    seed: int,
) -> dict[str, Curves]:
    """Outputs as the most or the least relevant parts are replaced, for each map.

    The model sees the variants of all maps in one call, equal ones once. Replacements are the
    same for every map; outputs are means over their draws. Ties in relevance are ordered at
    random, the same way in both directions and for every map.

    Parameters
    ----------
    fillers
        (draws, parts) of each sequence: what parts are replaced by.
    maps
        By name, (sequences, most parts), oriented so that the followed output should fall when
        positive relevance is removed. One of fewer rows is of the first sequences alone.
    shares
        Of the parts that are replaced, or stay.
    """
    variants = _Variants(subject)
    draws, steps = len(fillers[0]), len(shares)
    for row in range(len(subject.rows)):
        variants.add(row, subject.rows[row][None])
    for relevance in maps.values():
        for row, values in enumerate(relevance):
            letters = subject.rows[row]
            rank = _falling_ranks(values[: len(letters)], seed, subject.ids[row])
            replaced = _replaced(rank, shares)
            changed = np.where(replaced, fillers[row][:, None, None, :], letters)
            variants.add(row, changed.reshape(-1, len(letters)))
    original, outputs = np.split(variants.outputs(), [len(subject.rows)])
    curves = {}
    for name, relevance in maps.items():
        answers, outputs = np.split(outputs, [len(relevance) * draws * 3 * steps])
        most, least, kept = answers.reshape(-1, draws, 3, steps).mean(axis=1).swapaxes(0, 1)
        curves[name] = Curves(original[: len(relevance)], most, least, kept)
    return curves


def single_effects(subject: Subject, substitutes: Sequence[Letters]) -> Array:
    """Fall of the output when one part is replaced, (sequences, most parts), zero beyond the end.

    The mean over ``substitutes``, (count, parts) of each sequence. Taken as a map, it is the best
    order that is searched for here: greedy, each part judged on its own.
    """
    variants = _Variants(subject)
    for row, (letters, others) in enumerate(zip(subject.rows, substitutes, strict=True)):
        variants.add(row, letters[None])
        for other in others:
            changed = np.tile(letters, (len(letters), 1))
            np.fill_diagonal(changed, other)
            variants.add(row, changed)
    outputs = iter(variants.outputs())
    effects = np.zeros((len(subject.rows), max(map(len, subject.rows))))
    for row, (letters, others) in enumerate(zip(subject.rows, substitutes, strict=True)):
        original = next(outputs)
        changed = np.array([next(outputs) for _ in range(others.size)]).reshape(others.shape)
        effects[row, : len(letters)] = original - changed.mean(axis=0)
    return effects


def normalised(area: Array, best: Array) -> Array:
    """Areas in the model's own range: 0 for a random order, 1 for the best order found.

    Each is divided by ``best``, the area of the best order on the same sequence, both
    (sequences,). Nothing is clipped: an order better than the best one found scores above 1, one
    worse than random below 0. NaN where the model has no range to speak of: the best order gains
    less there than LEAST_RANGE of what it gains on average.
    """
    least = LEAST_RANGE * max(best.mean(), 0.0) if len(best) else 0.0
    return np.divide(area, best, out=np.full(len(area), np.nan), where=best > least)


def _generator(seed: int, name: str, purpose: str) -> np.random.Generator:
    """Random numbers of one sequence, others for every purpose."""
    return np.random.default_rng([seed, crc32(name.encode()), crc32(purpose.encode())])


def _falling_ranks(relevance: Array, seed: int, name: str) -> npt.NDArray[np.int64]:
    """Rank of each part from the most relevant on, ties at random."""
    order = np.lexsort((_generator(seed, name, "ties").random(len(relevance)), -relevance))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank


def _replaced(rank: npt.NDArray[np.int64], shares: Sequence[float]) -> npt.NDArray[np.bool_]:
    """Which parts are replaced, (3, shares, parts): most first, least first, all but the most."""
    counts = np.array([round(share * len(rank)) for share in shares])[:, None]
    return np.stack([rank < counts, rank >= len(rank) - counts, rank >= counts])


class _Variants:
    """Variants to predict, each different one once, with the class followed in each."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.numbers: dict[Hashable, int] = {}
        self.wanted: list[int] = []
        self.rows: list[int] = []

    def add(self, row: int, changed: Letters) -> None:
        """Add variants (variants, parts) of sequence number ``row``."""
        for letters in changed:
            variant = self.subject.render(row, letters)
            self.wanted.append(self.numbers.setdefault(variant, len(self.numbers)))
        self.rows += [row] * len(changed)

    def outputs(self) -> Array:
        """Followed output of every variant added, in order."""
        logits = np.asarray(self.subject.predict(list(self.numbers)))[self.wanted]
        return called_margin(logits, self.subject.called[self.rows])
