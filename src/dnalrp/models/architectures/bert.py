"""BERT as transformers has it: DNABERT, GENA-LM, GROVER."""

from typing import Annotated, Literal

from pydantic import Field

from dnalrp.models.architecture import Architecture, ModelSection


class BertSection(ModelSection):
    """A checkpoint of transformers' BERT; its sizes are its own."""

    architecture: Literal["bert"]
    """Which network the model is."""
    pretrained: Annotated[str, Field(min_length=1)]
    """A folder or a hub id. With `training: null` it is explained as it is."""


BERT = Architecture(
    name="bert",
    family="encoder",
    config="transformers:BertConfig",
    model="transformers:BertForSequenceClassification",
    section=BertSection,
    about="checkpoints of transformers' BERT: DNABERT, GENA-LM, GROVER",
    new=("classifier.*", "bert.pooler.*"),
    left_out=("cls.*", "*.position_ids"),
)
