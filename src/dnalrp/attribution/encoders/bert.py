"""Rules for the modules of transformers' BERT: DNABERT, GENA-LM, GROVER."""

from functools import partial

from torch import nn
from transformers.activations import GELUActivation
from transformers.models.bert import modeling_bert as bert

from dnalrp.attribution.composites import Rule
from dnalrp.attribution.encoders.attention import SelfAttentionRule
from dnalrp.attribution.encoders.kit import EncoderRules, Kit, Rules
from dnalrp.attribution.rules import GeluRule


def attention(product: Rule) -> Rules:
    """Self-attention around a product."""
    return {bert.BertSelfAttention: partial(SelfAttentionRule, product=product)}


def others(kit: Kit) -> Rules:
    """The activation; there are no gates."""
    return {GELUActivation: GeluRule}


RULES = EncoderRules(
    attention=attention,
    others=others,
    plain=(
        nn.Dropout,
        nn.Identity,
        nn.ModuleList,
        nn.Sigmoid,
        bert.BertForSequenceClassification,
        bert.BertForMaskedLM,
        bert.BertOnlyMLMHead,
        bert.BertLMPredictionHead,
        bert.BertPredictionHeadTransform,
        bert.BertModel,
        bert.BertEmbeddings,
        bert.BertEncoder,
        bert.BertLayer,
        bert.BertAttention,
        bert.BertSelfOutput,
        bert.BertIntermediate,
        bert.BertOutput,
        bert.BertPooler,
    ),
    rounding=1e-9,
)
