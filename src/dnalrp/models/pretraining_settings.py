"""How a masked-language model is pre-trained: settings, checked before torch is imported."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from dnalrp.data.crop_settings import CropSettings
from dnalrp.models.architectures.dnabert2 import DnaBert2Size
from dnalrp.models.training_settings import (
    NotNegative,
    Positive,
    Precision,
)
from dnalrp.section import CheckedSection, Count, Name, Rate, Section, Seed, Share, WholeNotNegative

ARCHITECTURE = "dnabert2"
"""What pre-training makes."""
FROM_PRETRAINING = "pretraining"
"""What ``pretrained`` of a model says where it starts from the pre-trained one."""


class GenomeFile(Section):
    """A genome that is read."""

    fasta: Annotated[str, Field(min_length=1)]
    """FASTA file, plain or gzip."""
    source: Annotated[str, Field(min_length=1)]
    """Where it is from, for the model card."""


class PretrainingSteps(Section):
    """How to pre-train.

    Until the learning rate falls nothing depends on ``steps``, so that a run under way can be
    made longer or shorter.
    """

    steps: Count
    """How many in all."""
    batch_size: Count
    """Crops a step."""
    learning_rate: Positive
    """The highest, after warm-up."""
    weight_decay: NotNegative
    """Of AdamW."""
    warmup_steps: WholeNotNegative
    """Steps over which the learning rate rises; then it stays."""
    decay_steps: WholeNotNegative
    """The last, over which it falls to 0; until then `steps` may be changed."""
    dropout: Rate
    """Of pre-training, where hardly a sequence is seen twice; the model's configuration keeps its
    own for fine-tuning."""
    masked_share: Share
    """Share of the tokens that are asked for: 80 % of them hidden behind `[MASK]`, 10 % replaced
    by another token and 10 % left, as in BERT."""
    evaluate_every: Count
    """Steps between two evaluations on the held-out windows, and between checkpoints."""
    precision: Precision
    """`float32`, or that of mixed precision."""


class PretrainingSection(CheckedSection):
    """A masked-language model, pre-trained on genomes: see config/pretraining.yaml."""

    name: Name
    """Of the folder it is written to."""
    genomes: Annotated[list[GenomeFile], Field(min_length=1)]
    """What is read."""
    crops: CropSettings
    """Random windows of the genomes."""
    held_out: Count
    """Windows of the longest length that no crop touches; their loss is watched."""
    tokenizer_crops: Count
    """Crops that the tokenizer is trained on."""
    size: DnaBert2Size
    """Sizes of the model."""
    max_token_length: Count
    """Bases of the longest token."""
    training: PretrainingSteps
    """How to pre-train."""
    seed: Seed
    """Decides weights, crops and masks."""

    def contradictions(self) -> Iterator[str]:
        """What is wrong between fields: ``key: value and cure``, keys relative to the section."""
        steps = self.training
        if steps.warmup_steps + steps.decay_steps > steps.steps:
            yield (
                f"training: warm-up and decay take more than all {steps.steps} "
                "steps; lower them or raise 'steps'"
            )
        yield from self.size.contradictions()
