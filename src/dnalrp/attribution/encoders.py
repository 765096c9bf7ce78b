"""AttnLRP for Hugging Face's own encoders: BERT, ESM and ModernBERT.

DNABERT, GENA-LM and GROVER are BERT, the Nucleotide Transformer is ESM. Transformers' classes
stay as they are: its registry of attention functions gets one more name, which only the twin
under a table asks for, and modules that compute something inside ``forward`` are replaced on
that twin by a module of the same arithmetic.

What positions contribute: position embeddings (BERT) keep their share as ``position`` in the
ledger; rotary embeddings (ESM, ModernBERT) are rotations, linear in queries and keys, and pass
relevance on. Transformers rotates in single precision whatever the model's own, so that ledgers
of rotary models close to 1e-6, not 1e-8, in float64.
"""

from typing import Any

from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.activations import GELUActivation
from transformers.masking_utils import eager_mask
from transformers.models.bert import modeling_bert as bert
from transformers.models.esm import modeling_esm as esm
from transformers.models.modernbert import modeling_modernbert as modernbert

from dnalrp.attribution import rules
from dnalrp.attribution.rules import Accounts
from dnalrp.attribution.tables import SHARED_RULES, RuleTable

ATTENTION = "dnalrp_attention_rule"


def _attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """The attention rule that a twin's module carries, in the call contract of transformers."""
    tokens = query.shape[-2]
    if attention_mask is None:
        attention_mask = query.new_zeros(1, 1, tokens, tokens)
    if scaling is not None:  # the rule itself divides by sqrt(d)
        query = query * (scaling * query.shape[-1] ** 0.5)
    context = module.relevance_rule(query, key, value, attention_mask.to(query.dtype))
    return context.transpose(1, 2), None


AttentionInterface.register(ATTENTION, _attention)
AttentionMaskInterface.register(ATTENTION, eager_mask)


def _with_attention_rule(module: nn.Module, place: str, accounts: Accounts) -> nn.Module:
    module.relevance_rule = rules.AlibiAttentionRule(place, accounts, "absorb")
    return module


class EsmIntermediateRule(nn.Module):
    """ESM's first half of the feed-forward block, its GELU under the identity rule."""

    def __init__(self, module: Any, place: str, accounts: Accounts) -> None:
        super().__init__()
        self.dense, self.activation = module.dense, rules.GeluRule()

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.dense(x))


class EsmClassificationHeadRule(nn.Module):
    """ESM's classifier on the first token, its tanh under the identity rule."""

    def __init__(self, module: Any, place: str, accounts: Accounts) -> None:
        super().__init__()
        self.dense, self.activation = module.dense, rules.TanhRule()
        self.out_proj = module.out_proj

    def forward(self, x: Tensor) -> Tensor:
        return self.out_proj(self.activation(self.dense(x[:, 0])))


class ModernBertMlpRule(nn.Module):
    """ModernBERT's gated feed-forward block, its gate under the uniform rule."""

    def __init__(self, module: Any, place: str, accounts: Accounts) -> None:
        super().__init__()
        self.first, self.gate, self.second = module.Wi, rules.GatedGeluRule(), module.Wo

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.gate(self.first(x)))


def attnlrp_bert() -> RuleTable:
    """AttnLRP for ``BertForSequenceClassification``."""
    return RuleTable(
        name="attnlrp, BERT",
        rules=SHARED_RULES
        | {
            GELUActivation: lambda module, place, accounts: rules.GeluRule(),
            bert.BertSelfAttention: _with_attention_rule,
        },
        plain=(
            nn.Dropout,
            nn.ModuleList,
            bert.BertForSequenceClassification,
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
        attention=ATTENTION,
    )


def attnlrp_esm() -> RuleTable:
    """AttnLRP for ``EsmForSequenceClassification``."""
    return RuleTable(
        name="attnlrp, ESM",
        rules=SHARED_RULES
        | {
            esm.EsmSelfAttention: _with_attention_rule,
            esm.EsmIntermediate: EsmIntermediateRule,
            esm.EsmClassificationHead: EsmClassificationHeadRule,
        },
        plain=(
            nn.Dropout,
            nn.ModuleList,
            nn.Sigmoid,
            esm.EsmForSequenceClassification,
            esm.EsmModel,
            esm.EsmEmbeddings,
            esm.EsmRotaryEmbedding,
            esm.EsmContactPredictionHead,
            esm.EsmEncoder,
            esm.EsmLayer,
            esm.EsmAttention,
            esm.EsmSelfOutput,
            esm.EsmOutput,
        ),
        attention=ATTENTION,
    )


def attnlrp_modernbert() -> RuleTable:
    """AttnLRP for ``ModernBertForSequenceClassification``."""
    return RuleTable(
        name="attnlrp, ModernBERT",
        rules=SHARED_RULES
        | {
            GELUActivation: lambda module, place, accounts: rules.GeluRule(),
            modernbert.ModernBertAttention: _with_attention_rule,
            modernbert.ModernBertMLP: ModernBertMlpRule,
        },
        plain=(
            nn.Dropout,
            nn.Identity,
            nn.ModuleList,
            modernbert.ModernBertForSequenceClassification,
            modernbert.ModernBertModel,
            modernbert.ModernBertEmbeddings,
            modernbert.ModernBertRotaryEmbedding,
            modernbert.ModernBertEncoderLayer,
            modernbert.ModernBertPredictionHead,
        ),
        attention=ATTENTION,
    )
