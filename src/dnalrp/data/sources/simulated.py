"""Simulated sequences with planted motifs: the right explanation is known."""

import logging
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from dnalrp.data.grammar import GRAMMARS, PAIR_GRAMMARS
from dnalrp.data.sources.base import DatasetSection, Prepared, Shortest, Source, Supply
from dnalrp.data.sources.fields import empty_range
from dnalrp.section import Count, MotifId, Section, Seed, Share, Unique

log = logging.getLogger(__name__)
AtLeastFour = Annotated[int, Field(ge=4)]
Motifs = Annotated[Unique[list[MotifId]], Field(min_length=1)]
Grammar = Literal["any", "all", "and", "or", "xor", "spacing", "order", "decoy"]


class SequenceCounts(Section):
    """Sequences of each split, half of them positive."""

    train: AtLeastFour
    """Sequences to train on."""
    dev: AtLeastFour
    """Sequences that training is watched on."""
    test: AtLeastFour
    """Sequences that nothing of training sees."""


class Composition(Section):
    """A background of independent bases."""

    kind: Literal["composition"]
    """What the background is."""
    gc: Share
    """Share of G and C."""


class Markov(Section):
    """A background of a Markov chain, fitted to sequences."""

    kind: Literal["markov"]
    """What the background is."""
    fasta: str
    """The sequences it is fitted to."""
    order: Annotated[int, Field(ge=1, le=6)]
    """How many bases before each decide it."""


class Shuffled(Section):
    """A background of dinucleotide shuffles of sequences."""

    kind: Literal["shuffled"]
    """What the background is."""
    fasta: str
    """The sequences that are shuffled."""


Background = Annotated[Composition | Markov | Shuffled, Field(discriminator="kind")]


class SimulatedSection(DatasetSection):
    """Sequences with planted motif sites, whose labels follow a grammar."""

    source: Literal["simulated"]
    """What the data set is read from."""
    length: Annotated[int, Field(ge=20)]
    """Bases a sequence."""
    sequences: SequenceCounts
    """How many of each split."""
    background: Background
    """What lies around the sites."""
    motifs: Motifs
    """JASPAR ids of the evidence."""
    decoys: Motifs
    """JASPAR ids of the decoys, of other families than the motifs."""
    sites: Annotated[list[Count], Field(min_length=2, max_length=2)]
    """Fewest and most sites a sequence, of the grammar `any`."""
    grammar: Grammar
    """What makes the label."""
    spacing: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=2, max_length=2)]
    """Smallest and largest gap in bases, of the grammars `spacing` and `order`."""
    mutations: Count | None = None
    """How many bases a near-copy differs by: needed by the grammar `decoy`, read by no other."""
    seed: Seed
    """Decides all that is drawn."""

    def locations(self) -> dict[str, str]:
        """The sequences that the background is made from, if it is made from some."""
        fasta = getattr(self.background, "fasta", None)
        return {} if fasta is None else {"background.fasta": fasta}

    def motif_ids(self) -> dict[str, list[str]]:
        """Motifs and decoys."""
        return {"motifs": self.motifs, "decoys": self.decoys}

    def true_motifs(self, label: str | None = None) -> dict[str, list[str]]:
        """Those that the grammar is about, evidence of class 1."""
        return {"positive": self.motifs[:2] if self.grammar in PAIR_GRAMMARS else self.motifs}

    def shortest_sequence(self) -> Shortest:
        """All are of ``length`` bases."""
        return Shortest("length", self.length)

    def pair_grammar(self) -> str | None:
        """The grammar, if it is one on two motifs."""
        return self.grammar if self.grammar in GRAMMARS else None

    def contradictions(self) -> Iterator[str]:
        """Ranges and motifs that the grammar cannot do with."""
        yield from empty_range("sites", self.sites)
        yield from empty_range("spacing", self.spacing)
        if self.grammar in PAIR_GRAMMARS and len(self.motifs) < 2:
            yield f"grammar: {self.grammar!r} needs two motifs; list them under 'motifs'"
        if self.grammar == "decoy" and self.mutations is None:
            yield "grammar: 'decoy' needs 'mutations', how many bases a near-copy differs by"
        if shared := set(self.motifs) & set(self.decoys):
            yield f"decoys: {min(shared)} is also a motif; choose another decoy"


def prepare(section: SimulatedSection, supply: Supply) -> Prepared:
    """Simulate the sequences; the true sites are those that were planted.

    Raises
    ------
    InputError
        As for :func:`dnalrp.data.simulate.simulate`.
    """
    import pandas as pd

    from dnalrp.data.leakage import DROPPED_COLUMNS
    from dnalrp.data.nucleotides import one_hot
    from dnalrp.data.scan import scan_scores
    from dnalrp.data.simulate import simulate

    sequences, sites = simulate(
        section, supply.motifs(section.motifs), supply.motifs(section.decoys)
    )
    if unused := set(section.motifs) - set(section.true_motifs()["positive"]):
        names = ", ".join(sorted(unused))
        text = "motifs: grammar %r is about the first two; %s is planted nowhere"
        log.warning(text, section.grammar, names)
    true = supply.motifs(section.true_motifs()["positive"])
    scores = scan_scores(one_hot(sequences["sequence"].tolist()), true)
    scan = pd.DataFrame({"id": sequences["id"], "score": scores})
    dropped = pd.DataFrame(columns=DROPPED_COLUMNS)
    return Prepared(sequences, sites, scan, dropped, section.class_names())


SIMULATED = Source(
    name="simulated",
    section=SimulatedSection,
    prepare="dnalrp.data.sources.simulated:prepare",
    about="random sequences with planted motifs, for which the right explanation is known",
)
