"""ESM as transformers has it, and version 2 of the Nucleotide Transformer."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from dnalrp.models.architecture import Architecture, ModelSection, Variant


class EsmSection(ModelSection):
    """A checkpoint of transformers' ESM; its sizes are its own."""

    architecture: Literal["esm"]
    """Which network the model is."""
    pretrained: Annotated[str, Field(min_length=1)]
    """A folder or a hub id. With `training: null` it is explained as it is."""


def _is_gated(settings: Mapping[str, Any]) -> bool:
    """Version 2 of the Nucleotide Transformer has feed-forward blocks without biases."""
    return settings.get("add_bias_fnn") is False


ESM = Architecture(
    name="esm",
    family="encoder",
    config="transformers:EsmConfig",
    model="transformers:EsmForSequenceClassification",
    section=EsmSection,
    about="checkpoints of transformers' ESM: Nucleotide Transformer, versions 1 and 2",
    new=("classifier.*", "esm.contact_head.*", "*.inv_freq"),
    left_out=("lm_head.*", "*.position_ids", "*.inv_freq"),
    untrained=("esm.contact_head.*", "*.inv_freq"),
    variants=(
        Variant(
            "dnalrp.models.nucleotide_transformer:NucleotideTransformerForSequenceClassification",
            _is_gated,
        ),
    ),
)
