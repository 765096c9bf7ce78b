"""Rules for the modules of DNABERT-2."""

from torch import nn

from dnalrp.attribution.composites import Rule
from dnalrp.attribution.encoders.kit import EncoderRules, Kit, Rules
from dnalrp.models import dnabert2


def attention(product: Rule) -> Rules:
    """Attention with ALiBi is a module of its own here."""
    return {dnabert2.AlibiAttention: product}


def others(kit: Kit) -> Rules:
    """The gate of the feed-forward block."""
    return {dnabert2.GatedGelu: kit.gelu_gate}


RULES = EncoderRules(
    attention=attention,
    others=others,
    plain=(
        nn.Dropout,
        nn.ModuleList,
        dnabert2.DnaBert2ForSequenceClassification,
        dnabert2.DnaBert2ForMaskedLM,
        dnabert2.DnaBert2MaskedLMHead,
        dnabert2.DnaBert2MaskedLMPredictions,
        dnabert2.DnaBert2HeadTransform,
        dnabert2.DnaBert2Model,
        dnabert2.DnaBert2Embeddings,
        dnabert2.DnaBert2Encoder,
        dnabert2.DnaBert2Layer,
        dnabert2.DnaBert2Attention,
        dnabert2.DnaBert2SelfAttention,
        dnabert2.DnaBert2SelfOutput,
        dnabert2.DnaBert2GatedMlp,
        dnabert2.DnaBert2Pooler,
    ),
    implementation=None,
    alibi=True,
)
