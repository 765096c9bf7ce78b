"""Propagation rules, each as the change to the gradient that makes input times gradient obey it.

Arras et al. 2025 (arXiv 2502.15886): with the output's relevance as start, relevance R at an
operation's input x is x * g, where g is the gradient under a modified backward pass. Each class
here stands in for one module of a model: its forward pass is the module's own, its backward
pass the modified one. What the operation keeps for itself (biases, ALiBi, softmax) is entered
into the :class:`Accounts` per sequence, so that the explained output is accounted for exactly.

Here are the rules of the transformer; those of convolutions and of linear layers between ReLUs
are in :mod:`dnalrp.attribution.convolution`.

Shapes: batch, tokens, hidden; heads with ``d`` dimensions each. Rules compute in the dtype of
their inputs.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import gelu, linear, scaled_dot_product_attention, silu

from dnalrp.attribution.maps import POSITION
from dnalrp.attribution.options import ALIBI_READINGS
from dnalrp.errors import InputError

STABILISER = 1e-6


class Accounts:
    """Relevance that stays inside the network: one value a sequence for each module and term.

    With ``by_distance`` set, ALiBi's relevance is kept by head and distance as well, in
    ``distances``: (batch, heads, tokens) by module.
    """

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], Tensor] = {}
        self.watched: list[tuple[str, str, Tensor]] = []
        self.words: Tensor | None = None
        self.by_distance = False
        self.distances: dict[str, Tensor] = {}

    def watch(self, name: str, term: str, constant: Tensor) -> None:
        """Note an input of the network, (batch, ...), whose relevance is to be entered too."""
        self.watched.append((name, term, constant))

    def enter(self, name: str, term: str, relevance: Tensor) -> None:
        """Add (batch,) relevance kept by the module ``name`` under ``term``."""
        key = (name, term)
        before = self._entries.get(key)
        self._entries[key] = relevance if before is None else before + relevance

    def close(self) -> dict[tuple[str, str], Tensor]:
        """Entries since the last closing, by module and term; the accounts are empty after."""
        entries, self._entries, self.watched = self._entries, {}, []
        self.words, self.distances = None, {}
        return entries


def per_sequence(x: Tensor) -> Tensor:
    """Sum over all but the first dimension, (batch,), in double precision.

    The last dimension is summed in single precision at least: to cast all of a large tensor to
    double first costs more than the rule whose relevance is summed.
    """
    rows = x.sum(dim=-1, keepdim=True, dtype=torch.promote_types(x.dtype, torch.float32))
    return rows.flatten(1).sum(dim=1, dtype=torch.float64)


class StatelessRule(nn.Module):
    """What a rule that needs nothing of the module it stands for is made like."""

    def __init__(self, module: nn.Module, name: str, accounts: Accounts) -> None:
        super().__init__()


class LinearRule(nn.Module):
    """Epsilon rule, epsilon to 0, on y = W x + b: the plain gradient; the bias keeps b * g.

    R_in[i] = sum_j x_i W_ji g_j; kept, ``linear_bias``: sum_j b_j g_j. Conserves
    y * g = R_in + kept. AttnLRP (arXiv 2402.05602), equation 8.
    """

    def __init__(self, module: nn.Linear, name: str, accounts: Accounts) -> None:
        super().__init__()
        self.module, self.name, self.accounts = module, name, accounts

    def forward(self, x: Tensor) -> Tensor:
        if self.module.bias is None:
            return self.module(x)
        return _Linear.apply(x, self.module.weight, self.module.bias, self)


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, rule: LinearRule) -> Tensor:
        ctx.save_for_backward(weight, bias)
        ctx.rule = rule
        return linear(x, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        weight, bias = ctx.saved_tensors
        ctx.rule.accounts.enter(ctx.rule.name, "linear_bias", per_sequence(g @ bias[:, None]))
        return g @ weight, None, None, None


class LayerNormRule(nn.Module):
    """LayerNorm with the identity rule on 1/std: the standard deviation is a constant.

    y = (x - mean(x)) / std * gamma + beta, g_in = c - mean(c) with c = g * gamma / std; kept,
    ``layernorm_bias``: sum beta * g. Conserves y * g = R_in + kept. AttnLRP, section 3.3.3.
    """

    def __init__(self, module: nn.LayerNorm, name: str, accounts: Accounts) -> None:
        super().__init__()
        self.module, self.name, self.accounts = module, name, accounts

    def forward(self, x: Tensor) -> Tensor:
        return _LayerNorm.apply(x, self.module.weight, self.module.bias, self)


class _LayerNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, rule: LayerNormRule) -> Tensor:
        y, _, inverse_std = torch.native_layer_norm(
            x, list(weight.shape), weight, bias, rule.module.eps
        )
        ctx.save_for_backward(inverse_std, weight, bias)
        ctx.rule = rule
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        inverse_std, weight, bias = ctx.saved_tensors
        if bias is not None:
            kept = per_sequence(g @ bias[:, None])
            ctx.rule.accounts.enter(ctx.rule.name, "layernorm_bias", kept)
        centred = g * weight
        centred -= centred.mean(dim=-1, keepdim=True)
        centred *= inverse_std
        return centred, None, None, None


class GatedGeluRule(StatelessRule):
    """Gate GELU(u) * w: uniform rule on the product, identity rule on the GELU.

    R_u = R_w = R / 2. As gradients: g_w = g * GELU(u) / 2, and g_u = g * w * Phi(u) / 2, since
    GELU(u) / u = Phi(u) needs no division. Conserves exactly. AttnLRP, equations 9 and 15;
    Kurth et al. 2026 (arXiv 2604.21690) for DNABERT-2.
    """

    def forward(self, x: Tensor) -> Tensor:
        return _GatedGelu.apply(x)


class _GatedGelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        u, w = x.chunk(2, dim=-1)
        ctx.save_for_backward(x)
        return gelu(u).mul_(w)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        u, w = x.chunk(2, dim=-1)
        shared = _phi(u).mul_(g).mul_(0.5)
        result = torch.empty_like(x)
        first, second = result.chunk(2, dim=-1)
        torch.mul(shared, w, out=first)
        torch.mul(shared, u, out=second)
        return result


class GatedSiluRule(StatelessRule):
    """Gate SiLU(u) * w: uniform rule on the product, identity rule on the SiLU.

    As :class:`GatedGeluRule`, with the logistic function for Phi. Conserves exactly.
    """

    def forward(self, x: Tensor) -> Tensor:
        u, w = x.chunk(2, dim=-1)
        ratio = torch.sigmoid(u.detach())
        half = 0.5 * _Ratio.apply(u, u.detach() * ratio, ratio) * w
        return half + half.detach()


class GeluRule(StatelessRule):
    """Identity rule on the exact GELU: R_in = R_out, the gradient is multiplied by Phi(x)."""

    def forward(self, x: Tensor) -> Tensor:
        ratio = _phi(x.detach())
        return _Ratio.apply(x, x.detach() * ratio, ratio)


class TanhRule(StatelessRule):
    """Identity rule on tanh: R_in = R_out, the gradient is multiplied by tanh(x) / x, 1 at 0."""

    def forward(self, x: Tensor) -> Tensor:
        y = torch.tanh(x)
        ratio = torch.where(x == 0, torch.ones_like(x), y / torch.where(x == 0, 1.0, x))
        return _Ratio.apply(x, y.detach(), ratio.detach())


class _Ratio(torch.autograd.Function):
    """Output ``y`` of an element-wise function whose gradient is replaced by ``y / x``."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, ratio: Tensor) -> Tensor:
        ctx.save_for_backward(ratio)
        return y.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        (ratio,) = ctx.saved_tensors
        return g * ratio, None, None


def _phi(x: Tensor) -> Tensor:
    """Distribution function of the standard normal, (1 + erf(x / sqrt 2)) / 2."""
    return torch.erf(x * math.sqrt(0.5)).add_(1.0).mul_(0.5)


class AlibiAttentionRule(nn.Module):
    """softmax(q kᵀ / sqrt(d) + B) v: uniform rule on both products, Taylor rule on the softmax.

    With s the attention and a = z + B its logits, z = q kᵀ / sqrt(d):

    - product s v: R_s = R_v = R / 2 (AttnLRP, equation 15);
    - softmax: R_a[i] = a_i (R_s[i] - s_i sum R_s) (AttnLRP, equation 13), that is the plain
      gradient; what it absorbs, s * g_s - a * g_a, is kept as ``softmax``;
    - bias: ``absorb`` leaves z with z * g_a and B with B * g_a; ``identity`` gives all of a * g_a
      to z, ``uniform`` half of it. The last two divide by z + STABILISER * sign(z). What does not
      reach z is kept as ``alibi``: B * g_a, what the stabiliser loses, or half and that;
    - product q kᵀ: half to each factor.

    Conserves out * g = R_q + R_k + R_v + softmax + alibi.
    """

    def __init__(
        self, module: nn.Module, name: str, accounts: Accounts, *, alibi: str = "absorb"
    ) -> None:
        super().__init__()
        if alibi not in ALIBI_READINGS:
            raise InputError(f"alibi {alibi!r}: choose one of {', '.join(ALIBI_READINGS)}")
        self.name, self.accounts, self.alibi = name, accounts, alibi

    def forward(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
        return _AlibiAttention.apply(query, key, value, bias, self)


class _AlibiAttention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, bias: Tensor, rule: AlibiAttentionRule
    ) -> Tensor:
        context = scaled_dot_product_attention(query, key, value, attn_mask=bias)
        ctx.save_for_backward(query, key, value, bias, context)
        ctx.rule = rule
        return context

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, bias, context = ctx.saved_tensors
        rule: AlibiAttentionRule = ctx.rule
        shape, scale = query.shape, 1.0 / math.sqrt(query.shape[-1])
        kept_by_values = (g * context).sum(dim=-1, keepdim=True)
        # One copy of each into (batch * heads, tokens, d): every product below would make its own.
        q, k, v, g, kept = (x.flatten(0, 1) for x in (query, key, value, g, kept_by_values))
        bias = bias.expand(*shape[:3], shape[2]).flatten(0, 1)
        logits = torch.baddbmm(bias, q, k.mT, alpha=scale)
        attention = logits.softmax(dim=-1)
        g_value = torch.bmm(attention.mT, g).mul_(0.5)
        g_logits = torch.baddbmm(kept, g, v.mT, beta=-0.5, alpha=0.5).mul_(attention)
        g_product = _through_bias(g_logits, logits, bias, rule.alibi)
        g_query = torch.bmm(g_product, k).mul_(0.5 * scale)
        g_key = torch.bmm(g_product.mT, q).mul_(0.5 * scale)
        if rule.accounts.by_distance:
            positional = _sum_by_distance(g_logits * bias)
            rule.accounts.distances[rule.name] = positional.view(*shape[:3])
        at_softmax = 0.5 * per_sequence(kept_by_values)
        at_product = 2.0 * per_sequence((g_query * q).view(shape))
        if rule.alibi == "absorb":
            at_alibi = per_sequence(g_logits.mul_(bias).view(*shape[:3], -1))
        else:
            at_logits = per_sequence(g_logits.mul_(logits).view(*shape[:3], -1))
            at_alibi = at_logits - at_product
        rule.accounts.enter(rule.name, "softmax", at_softmax - at_product - at_alibi)
        rule.accounts.enter(rule.name, "alibi", at_alibi)
        return g_query.view(shape), g_key.view(shape), g_value.view(shape), None, None


def _sum_by_distance(x: Tensor) -> Tensor:
    """Sums of (batch, tokens, tokens) over the pairs at each distance, (batch, tokens)."""
    position = torch.arange(x.shape[-1], device=x.device)
    distance = (position[:, None] - position[None, :]).abs().flatten()
    return x.new_zeros(x.shape[:2]).index_add_(1, distance, x.flatten(1))


def _through_bias(g: Tensor, logits: Tensor, bias: Tensor, alibi: str) -> Tensor:
    """Gradient at z where ``g`` is the gradient at a = z + B, under a reading of the bias."""
    if alibi == "absorb":
        return g
    product = logits - bias
    sign = torch.where(product < 0, -1.0, 1.0).to(product.dtype)
    share = 1.0 if alibi == "identity" else 0.5
    return g * logits / (product + STABILISER * sign) * share


class GateValueRule(StatelessRule):
    """Gate GELU(u) * w with GELU(u) a constant: all relevance goes to w (CP-LRP). Conserves."""

    def forward(self, x: Tensor) -> Tensor:
        u, w = x.chunk(2, dim=-1)
        return gelu(u).detach() * w


class SiluGateValueRule(StatelessRule):
    """Gate SiLU(u) * w with SiLU(u) a constant: all relevance goes to w (CP-LRP). Conserves."""

    def forward(self, x: Tensor) -> Tensor:
        u, w = x.chunk(2, dim=-1)
        return silu(u).detach() * w


class AttentionValueRule(StatelessRule):
    """softmax(q kᵀ / sqrt(d) + B) v with the attention a constant: all relevance goes to v.

    CP-LRP (Ali et al. 2022, arXiv 2202.07304, section 3): queries and keys get none, so the
    softmax and ALiBi keep none. Conserves out * g = R_v.
    """

    def forward(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
        return scaled_dot_product_attention(query.detach(), key.detach(), value, attn_mask=bias)


class InputRule(nn.Module):
    """The embedding of what is explained: here relevance is read off, as input * gradient."""

    def __init__(
        self, module: nn.Module, name: str, accounts: Accounts, *, dtype: torch.dtype
    ) -> None:
        super().__init__()
        self.module, self.accounts, self.dtype = module, accounts, dtype

    def forward(self, ids: Tensor) -> Tensor:
        words = self.module(ids).detach().to(self.dtype)
        if torch.is_grad_enabled():
            self.accounts.words = words.requires_grad_()
        return words


class ConstantRule(nn.Module):
    """An embedding that is added to the input and not explained: token type, position.

    It keeps embedding * gradient, entered as ``token_type`` or ``position`` by whoever takes the
    gradient.
    """

    def __init__(self, module: nn.Embedding, name: str, accounts: Accounts) -> None:
        super().__init__()
        self.module, self.name, self.accounts = module, name, accounts
        self.term = POSITION if "position" in name else "token_type"

    def forward(self, ids: Tensor) -> Tensor:
        constant = self.module(ids).detach()
        words = self.accounts.words
        if words is not None and len(constant) == 1:  # shared by the batch: one for each sequence
            constant = constant.expand_as(words)
        if torch.is_grad_enabled():
            self.accounts.watch(self.name, self.term, constant.requires_grad_())
        return constant
