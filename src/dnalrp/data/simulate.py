"""Sequences with planted motif sites, for which the right explanation is known."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnalrp.data.fasta import read_fasta
from dnalrp.data.grammar import ARRANGED_GRAMMARS, STATES, State
from dnalrp.data.jaspar import Motif
from dnalrp.data.nucleotides import NUCLEOTIDES, one_hot
from dnalrp.data.scan import SITE_COLUMNS
from dnalrp.data.sources.simulated import Composition, Shuffled, SimulatedSection
from dnalrp.errors import InputError

Letters = npt.NDArray[np.int8]
INFORMATIVE = 1.0  # bits: positions of a motif that a near-copy may differ at
MOST_DECOYS = 2


class Simulation(NamedTuple):
    """What to simulate: the settings, and the matrices that they name."""

    settings: SimulatedSection
    motifs: Sequence[Motif]
    decoys: Sequence[Motif]


class Planned(NamedTuple):
    """A site still without a place; ``gap`` bases lie between it and the site after it.

    Where no ``strand`` is given it is drawn; ``mutations`` make a near-copy of it.
    """

    motif: Motif
    role: str
    gap: int | None = None
    strand: str | None = None
    mutations: int = 0


def simulate(
    settings: SimulatedSection, motifs: Sequence[Motif], decoys: Sequence[Motif]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Simulate labelled sequences and record every planted site.

    Half of each split is positive. Sites are sampled from the matrices base by base, put on
    either strand, never overlap, and their places are uniform over all that fit. A split
    depends on the seed and its own name and count, not on other splits.

    The grammar, ``settings.grammar``, makes the label: ``any``, positives carry sites of any of
    ``motifs`` and negatives as many sites of ``decoys``; ``all``, positives carry every motif,
    negatives a proper subset filled up with decoys. The others are grammars of two motifs, in the
    proportions of :data:`~dnalrp.data.grammar.STATES`. Up to MOST_DECOYS decoys, as many by chance,
    stand beside them whatever the label: one that stood in a missing motif's place would give the
    label away:

    - ``and``, ``or``, ``xor``: positives carry both, at least one, exactly one of the motifs;
    - ``spacing``: positives carry both with a gap of ``spacing`` bases (from, to), negatives
      with another gap, or one, or neither;
    - ``order``: positives carry both on the same strand, the first upstream of the second,
      negatives the second upstream of the first, or one, or neither. This is the same read from
      the other strand. Gaps are of ``spacing`` bases in all;
    - ``decoy``: positives carry one of ``motifs``, negatives none; half of each carry a near-copy
      besides, a site of one of ``motifs`` with the least likely base at ``mutations`` of its
      positions of at least one bit, drawn at random.

    Parameters
    ----------
    motifs, decoys
        The matrices that the settings name, in their order.

    Returns
    -------
    sequences : pandas.DataFrame
        ``id, sequence, label, split``, the splits in the order of their names.
    sites : pandas.DataFrame
        ``id, start, end, strand, motif, role``; role is ``motif`` for the evidence of a
        positive, ``partial`` for a motif in a negative, which the grammar does not let count,
        ``near_copy`` and ``decoy``.

    Raises
    ------
    InputError
        The sites do not fit into the length, a decoy is of the family of a motif, or a motif has
        fewer informative positions than a near-copy has mutations.
    """
    simulation = Simulation(settings, motifs, decoys)
    _check(simulation)
    sequences: list[tuple[object, ...]] = []
    sites: list[tuple[object, ...]] = []
    for split, count in sorted(settings.sequences.model_dump().items()):
        rng = np.random.default_rng([settings.seed, crc32(split.encode())])
        letters = _background(simulation, count, rng)
        for index in range(count):
            name, label = f"{split}_{index:06d}", int(index % 2 == 0)
            planned = _plan(simulation, label, index // 2, rng)
            for *site, role in _place(letters[index], planned, rng):
                partial = role == "motif" and not label
                sites.append((name, *site, "partial" if partial else role))
            text = "".join(NUCLEOTIDES[letter] for letter in letters[index])
            sequences.append((name, text, label, split))
    return (
        pd.DataFrame(sequences, columns=["id", "sequence", "label", "split"]),
        pd.DataFrame(sites, columns=SITE_COLUMNS),
    )


def _check(simulation: Simulation) -> None:
    settings = simulation.settings
    families = {family for motif in simulation.motifs for family in motif.families}
    for decoy in simulation.decoys:
        if shared := families.intersection(decoy.families):
            raise InputError(
                f"decoys: {decoy.matrix_id} ({decoy.name}) is of the family "
                f"{', '.join(sorted(shared))!r} of a planted motif; choose another decoy"
            )
    mutations = settings.mutations or 0
    for motif in simulation.motifs:
        informative = int((motif.information >= INFORMATIVE).sum())
        if settings.grammar == "decoy" and mutations > informative:
            raise InputError(
                f"mutations: {mutations}, but {motif.matrix_id} ({motif.name}) has "
                f"{informative} positions of {INFORMATIVE:g} bit or more; lower it"
            )
    widest = max(motif.width for motif in (*simulation.motifs, *simulation.decoys))
    gap = settings.spacing[1] + 1 if settings.grammar in ARRANGED_GRAMMARS else 0
    counts = {"any": settings.sites[1], "all": len(simulation.motifs)}
    most = counts.get(settings.grammar, 2 + MOST_DECOYS) * widest + gap
    if most > settings.length:
        raise InputError(
            f"length: {settings.length} is too short for sites that take up to {most} bases; "
            "raise 'length' or plant fewer sites"
        )


Block = list[Planned]
"""Sites with fixed gaps between them, from left to right."""


def _plan(simulation: Simulation, label: int, turn: int, rng: np.random.Generator) -> list[Block]:
    def some(motifs: Sequence[Motif], count: int, role: str) -> list[Block]:
        return [[Planned(motifs[i], role)] for i in rng.integers(len(motifs), size=count)]

    motifs, decoys = simulation.motifs, simulation.decoys
    if simulation.settings.grammar == "any":
        count = int(rng.integers(simulation.settings.sites[0], simulation.settings.sites[1] + 1))
        return some(motifs, count, "motif") if label else some(decoys, count, "decoy")
    if simulation.settings.grammar == "all":
        count = len(motifs) if label else int(rng.integers(len(motifs)))
        kept = rng.permutation(len(motifs))[:count]
        planned = [[Planned(motifs[i], "motif")] for i in kept]
        return planned + some(decoys, len(motifs) - count, "decoy")
    states = STATES[simulation.settings.grammar][label]
    others = some(decoys, int(rng.integers(MOST_DECOYS + 1)), "decoy")
    room = simulation.settings.length - sum(site.motif.width for block in others for site in block)
    return _plan_pair(simulation, states[turn % len(states)], room, rng) + others


def _plan_pair(
    simulation: Simulation, state: State, room: int, rng: np.random.Generator
) -> list[Block]:
    """The motifs of a state; both are one block where their arrangement counts."""
    if simulation.settings.grammar == "decoy":
        drawn = rng.integers(len(simulation.motifs), size=2)
        first, second = (Planned(simulation.motifs[i], "motif") for i in drawn)
        mutations = simulation.settings.mutations or 0
        pair = [first, second._replace(role="near_copy", mutations=mutations)]
    else:
        pair = [Planned(motif, "motif") for motif in simulation.motifs[:2]]
    if simulation.settings.grammar in ARRANGED_GRAMMARS and state.first and state.second:
        return [_arranged(simulation, pair, state, room=room, rng=rng)]
    return [
        [site] for site, present in zip(pair, (state.first, state.second), strict=True) if present
    ]


def _arranged(
    simulation: Simulation, pair: Block, state: State, *, room: int, rng: np.random.Generator
) -> Block:
    """The pair as ``spacing`` or ``order`` has it or, misarranged, has not."""
    low, high = simulation.settings.spacing
    gap, strand = int(rng.integers(low, high + 1)), None
    if simulation.settings.grammar == "spacing":
        pair = [pair[i] for i in rng.permutation(2)]
        if not state.arranged:
            room -= sum(site.motif.width for site in pair)
            gap = int(rng.choice([g for g in range(room + 1) if not low <= g <= high]))
    else:
        strand = "+" if rng.random() < 0.5 else "-"
        if (strand == "+") != state.arranged:
            pair = pair[::-1]
    left, right = (site._replace(strand=strand) for site in pair)
    return [left._replace(gap=gap), right]


def _place(
    letters: Letters, blocks: Sequence[Block], rng: np.random.Generator
) -> list[tuple[int, int, str, str, str]]:
    """Write the planned sites into one background, in place; return where they are."""
    blocks = [blocks[i] for i in rng.permutation(len(blocks))]
    used = sum(site.motif.width + (site.gap or 0) for block in blocks for site in block)
    chosen = rng.choice(len(letters) - used + len(blocks), size=len(blocks), replace=False)
    starts = np.sort(chosen) - np.arange(len(blocks))
    position, placed = 0, []
    for block, free in zip(blocks, np.diff(starts, prepend=0), strict=True):
        position += int(free)
        for site in block:
            strand = site.strand or ("+" if rng.random() < 0.5 else "-")
            end = position + site.motif.width
            letters[position:end] = _sample_site(site, strand, rng)
            placed.append((position, end, strand, site.motif.matrix_id, site.role))
            position = end + (site.gap or 0)
    return placed


def _sample_site(site: Planned, strand: str, rng: np.random.Generator) -> Letters:
    motif = site.motif
    cumulative = motif.probabilities.cumsum(axis=0)
    bases = (rng.random(motif.width) > cumulative).sum(axis=0).clip(max=3).astype(np.int8)
    if site.mutations:
        informative = np.flatnonzero(motif.information >= INFORMATIVE)
        mutated = rng.choice(informative, size=site.mutations, replace=False)
        bases[mutated] = motif.probabilities.argmin(axis=0)[mutated]
    return bases if strand == "+" else (3 - bases[::-1]).astype(np.int8)


def _background(simulation: Simulation, count: int, rng: np.random.Generator) -> Letters:
    background, length = simulation.settings.background, simulation.settings.length
    if isinstance(background, Composition):
        gc = float(background.gc)
        probabilities = [(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2]
        return rng.choice(4, size=(count, length), p=probabilities).astype(np.int8)
    source = _crops(Path(background.fasta), count, length, rng)
    if isinstance(background, Shuffled):
        return _dinucleotide_shuffled(source, rng)
    return _markov(source, background.order, length, rng)


def _crops(path: Path, count: int, length: int, rng: np.random.Generator) -> list[str]:
    """Windows of a FASTA file's sequences without N, drawn at random with replacement."""
    long_enough = [
        record.sequence
        for record in read_fasta(path)
        if len(record.sequence) >= length and "N" not in record.sequence
    ]
    if not long_enough:
        raise InputError(f"{path}: no sequence of {length} bases without N; give longer ones")
    chosen = [long_enough[i] for i in rng.integers(len(long_enough), size=count)]
    starts = [int(rng.integers(len(sequence) - length + 1)) for sequence in chosen]
    return [sequence[i : i + length] for sequence, i in zip(chosen, starts, strict=True)]


def _dinucleotide_shuffled(source: Sequence[str], rng: np.random.Generator) -> Letters:
    import torch
    from tangermeme.ersatz import dinucleotide_shuffle

    state = int(rng.integers(2**31))
    shuffled = dinucleotide_shuffle(torch.from_numpy(one_hot(source)), n=1, random_state=state)
    return shuffled[:, 0].argmax(dim=1).numpy().astype(np.int8)


def _markov(source: Sequence[str], order: int, length: int, rng: np.random.Generator) -> Letters:
    """As many sequences of a Markov chain fitted to ``source``, one pseudocount a transition."""
    letters, count = one_hot(source).argmax(axis=1), len(source)
    powers = 4 ** np.arange(order)[::-1]
    contexts = np.lib.stride_tricks.sliding_window_view(letters, order, axis=1)[:, :-1] @ powers
    counts = np.ones((4**order, 4))
    np.add.at(counts, (contexts, letters[:, order:]), 1)
    cumulative = (counts / counts.sum(axis=1, keepdims=True)).cumsum(axis=1)
    result = np.empty((count, length), dtype=np.int8)
    result[:, :order] = letters[:count, :order]
    for position in range(order, length):
        context = result[:, position - order : position].astype(np.int64) @ powers
        draw = rng.random((count, 1))
        result[:, position] = (draw > cumulative[context]).sum(axis=1).clip(max=3)
    return result
