"""DNABERT-2 (Zhou et al., ICLR 2024): byte-pair tokens, ALiBi, gated feed-forward blocks."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from dnalrp.models.architecture import Architecture, ModelSection
from dnalrp.section import Count, Rate, Section


class DnaBert2Size(Section):
    """Sizes of a DNABERT-2."""

    vocab_size: Annotated[int, Field(ge=16)]
    """Tokens, the special ones among them."""
    hidden_size: Count
    """Width; a multiple of the heads."""
    num_hidden_layers: Count
    """Layers."""
    num_attention_heads: Count
    """Heads a layer."""
    intermediate_size: Count
    """Width of the feed-forward block."""
    hidden_dropout_prob: Rate
    """Dropout in training."""

    def contradictions(self) -> Iterator[str]:
        """A width that the heads do not divide; keys are relative to what holds the size."""
        if self.hidden_size % self.num_attention_heads:
            yield (
                f"size: hidden_size {self.hidden_size} is not a multiple of "
                f"num_attention_heads {self.num_attention_heads}; change one"
            )


class DnaBert2Section(ModelSection):
    """A DNABERT-2: published, pre-trained here, or with random weights."""

    architecture: Literal["dnabert2"]
    """Which network the model is."""
    pretrained: str | None
    """A folder, a hub id such as `zhihan1996/DNABERT-2-117M`, or `pretraining`; null for random
    weights. With `training: null` it is explained as it is."""
    size: DnaBert2Size
    """Of random weights; of no effect on a pretrained model."""
    max_token_length: Count
    """Bases of the longest token, of a tokenizer that is trained here."""

    def contradictions(self) -> Iterator[str]:
        """Training and sizes that cannot be."""
        yield from super().contradictions()
        yield from self.size.contradictions()


def _is_dnabert2(settings: Mapping[str, Any]) -> bool:
    """The published code leaves ``model_type: bert``; ALiBi tells it from BERT."""
    kind = settings.get("model_type")
    return kind == "dnabert2" or (kind in (None, "bert") and "alibi_starting_size" in settings)


DNABERT2 = Architecture(
    name="dnabert2",
    family="encoder",
    config="dnalrp.models.dnabert2:DnaBert2Config",
    model="dnalrp.models.dnabert2:DnaBert2ForSequenceClassification",
    section=DnaBert2Section,
    about="a genome language model of byte-pair tokens, published or trained here",
    new=("classifier.*", "bert.pooler.*"),
    left_out=("cls.*", "*.position_ids"),
    detect=_is_dnabert2,
    from_scratch="dnalrp.models.dnabert2:new_classifier",
    has_merges=True,
    replaces_code=True,
)
