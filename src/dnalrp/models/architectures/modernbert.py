"""ModernBERT as transformers has it."""

from typing import Annotated, Literal

from pydantic import Field

from dnalrp.models.architecture import Architecture, ModelSection


class ModernBertSection(ModelSection):
    """A checkpoint of transformers' ModernBERT; its sizes are its own."""

    architecture: Literal["modernbert"]
    """Which network the model is."""
    pretrained: Annotated[str, Field(min_length=1)]
    """A folder or a hub id. With `training: null` it is explained as it is."""


MODERNBERT = Architecture(
    name="modernbert",
    family="encoder",
    config="transformers:ModernBertConfig",
    model="transformers:ModernBertForSequenceClassification",
    section=ModernBertSection,
    about="checkpoints of transformers' ModernBERT",
    new=("classifier.*", "head.*"),
    left_out=("decoder.*",),
)
