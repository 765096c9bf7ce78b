"""A convolutional classifier of one-hot nucleotides, the baseline of regulatory genomics."""

from typing import Literal

from dnalrp.models.architecture import Architecture, ModelSection
from dnalrp.section import Count, Rate, Section


class RegulatoryCnnSize(Section):
    """Sizes of the convolutional classifier."""

    filters: Count
    """Filters of the first convolution, the motif detectors."""
    kernel_size: Count
    """Their width in bases."""
    pool_size: Count
    """Positions that max-pooling joins, after either convolution."""
    second_filters: Count
    """Filters of the second convolution."""
    second_kernel_size: Count
    """Their width in pooled positions."""
    hidden_size: Count
    """Width of the dense layer."""
    dropout: Rate
    """Dropout in training."""
    batch_norm: bool = False
    """True: a batch norm after each convolution."""


class RegulatoryCnnSection(ModelSection):
    """A convolutional classifier."""

    architecture: Literal["regulatory_cnn"]
    """Which network the model is."""
    size: RegulatoryCnnSize
    """Of random weights; of no effect on a pretrained model."""
    max_token_length: Literal[1]
    """Each nucleotide is a token."""


REGULATORY_CNN = Architecture(
    name="regulatory_cnn",
    family="convolutional",
    config="dnalrp.models.cnn:RegulatoryCnnConfig",
    model="dnalrp.models.cnn:RegulatoryCnnForSequenceClassification",
    section=RegulatoryCnnSection,
    about="two convolutions of one-hot nucleotides, trained here",
    reference="dnalrp.models.reference:even_nucleotides",
    grain="nucleotide",
    from_scratch="dnalrp.models.cnn:new_classifier",
    layers=("first.convolution", "second.convolution", "dense", "classifier"),
    adaptable=False,
)
