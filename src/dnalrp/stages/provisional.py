"""Sections of the settings that stages take, until those of ``dnalrp.settings`` are there."""

from typing import Any, Literal

from pydantic import Field

from dnalrp.section import Section


class Archive(Section):
    """Where the archive of a data set of peaks comes from."""

    package: str
    sha256: str
    local: str | None


class Downloads(Section):
    """How files are downloaded."""

    mirror: str | None
    offline: bool
    sha256: dict[str, str]


class Label(Section):
    """One of the labels of a data set with several a sequence."""

    number: int
    name: str
    motifs: list[str]


class Model(Section):
    """A model."""

    architecture: str
    pretrained: str | None
    revision: str = "main"
    size: dict[str, Any] = Field(default_factory=dict)
    max_token_length: int = 1
    training: dict[str, Any] | None


class PretrainingSection(Section):
    """Pre-training."""

    name: str
    genomes: list[dict[str, str]]
    seed: int
    crops: dict[str, Any]
    held_out: int
    tokenizer_crops: int
    max_token_length: int
    size: dict[str, Any]
    training: dict[str, Any]


class Attribute(Section):
    """Attribute, without the list of methods."""

    splits: list[str]
    alibi: str
    layer_rules: dict[str, Any]
    batch_size: int
    segmentations: dict[str, Any] | None


class Project(Section):
    """Ways to nucleotides and to tokens."""

    to_nucleotides: list[Literal["split", "copy"]]
    to_tokens: list[str]


class Motifs(Section):
    """Discovery and naming of motifs."""

    map: str
    window: int
    flank: int
    fdr: float
    max_seqlets: int
    leiden_runs: int
    min_information: float
    p_value: float
    seed: int


class Tracks(Section):
    """Tracks for genome browsers."""

    map: str
    signs: str
    assembly: str
    chromosome_sizes: str | None


class Evaluate(Section):
    """Axes of metrics that have settings."""

    faithfulness: dict[str, Any]
    robustness: dict[str, Any]


class Intervals(Section):
    """Confidence intervals."""

    resamples: int
    seed: int
