"""How a classifier is trained: settings, which are checked before torch is imported."""

from typing import Annotated, Literal

from pydantic import Field

from dnalrp.section import Count, Rate, Section, WholeNotNegative

Precision = Literal["float32", "bfloat16", "float16"]
"""Of arithmetic in training: float32, or that of mixed precision."""
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
BelowOne = Annotated[float, Field(ge=0, lt=1)]


class Adapter(Section):
    """Low-rank adapters: the encoder's weights stay, a small update of them is trained."""

    rank: Count
    """Rank of the update."""
    alpha: Count
    """Scale of the update, divided by the rank."""
    dropout: BelowOne
    """Dropout of its input."""


class Training(Section):
    """How to train."""

    epochs: Count
    """Most times that all training sequences are read."""
    batch_size: Count
    """Sequences a step."""
    learning_rate: Positive
    """The highest, after warm-up."""
    weight_decay: NotNegative
    """Of AdamW."""
    warmup_share: Rate
    """The learning rate rises over this share of all steps, then falls along `schedule`."""
    reverse_complement: Rate
    """The chance that a training sequence is read from the other strand."""
    patience: Count | None
    """Evaluations on dev without a better one after which training stops; null never stops
    early."""
    warmup_steps: WholeNotNegative | None
    """Instead of `warmup_share`: over how many steps the learning rate rises."""
    schedule: Literal["cosine", "linear"]
    """How the learning rate falls."""
    evaluate_steps: Count | None
    """Dev is evaluated every so many steps; null is every epoch."""
    best_by: Literal["auroc", "mcc", "loss"]
    """What is best on dev is kept."""
    adapter: Adapter | None
    """Train low-rank adapters and the classifier; null trains all weights."""
    class_weights: Annotated[list[Positive], Field(min_length=2)] | Literal["balanced"] | None
    """Weights of the classes in the loss: a number each, or `balanced`, inverse to how often a
    class occurs in training (mean 1 over the training sequences). Of several labels a sequence,
    how much on counts over off in each; `balanced`: as often as it is off for once on."""
    precision: Precision
    """`float32`, or that of mixed precision."""
    segmentation_dropout: BelowOne = 0.0
    """The chance that a junction between two nucleotides is barred to tokens, drawn anew at every
    reading; of byte-pair tokens only."""
