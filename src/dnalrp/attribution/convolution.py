"""LRP rules for convolutions and linear layers: epsilon, gamma and alpha-beta.

Why rules at all: the plain gradient of a convolutional net follows every small cancellation
between weights. Gamma favours what speaks for an output, alpha-beta weighs what speaks for and
against it apart; both give calmer maps (Montavon et al. 2019, doi 10.1007/978-3-030-28954-6_10).

All rules are one form. A layer y_j = sum_i x_i w_ij + b_j gives input i the share
R_i = sum_j s_ij R_j of the relevance R_j of its outputs, and the rules differ in s_ij. With
relevance as input times gradient, R_j = y_j g_j, that is a modified gradient: the layer under
other weights, its output gradient scaled. The bias has a share like any input, which it keeps:
it is entered as ``linear_bias``, so that y * g = R_in + kept, exactly, for every rule.

The inputs must not be negative, as in the CNN: they are one-hot, or outputs of a ReLU and of
max-pooling. Then x_i w_ij has the sign of w_ij, and a rule can treat contributions by their sign
by treating weights so. Epsilon makes no use of that and takes any input. Outputs have any sign:
only where a ReLU follows are the negative ones without relevance.

Shapes: x is (batch, channels, length) or (batch, features), y likewise.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

from dnalrp.attribution.options import LayerRuleData
from dnalrp.attribution.rules import Accounts, per_sequence
from dnalrp.errors import InputError

Passed = tuple[Tensor, Tensor]
"""Gradient at a layer's input, and the relevance (batch,) that the layer keeps."""


class LayerRule(ABC):
    """What the rules share: called with a module, they give the one that takes its place."""

    def __call__(self, module: Any, name: str, accounts: Accounts) -> nn.Module:
        """Stand-in for ``module``, an ``nn.Conv1d`` or ``nn.Linear``, as composites ask for it.

        Raises
        ------
        InputError
            The module is something else.
        """
        if type(module) not in (nn.Conv1d, nn.Linear):
            raise InputError(
                f"{self} for {name!r} of type {type(module).__name__}: "
                "name a convolution or a linear layer"
            )
        return _RuledLayer(module, name, accounts, self)

    @abstractmethod
    def data(self) -> dict[str, float]:
        """The rule as settings hold it, its name and value."""

    @abstractmethod
    def passed(self, layer: "_RuledLayer", x: Tensor, y: Tensor, g: Tensor) -> Passed:
        """What gradient ``g`` at output ``y`` becomes at input ``x``, and what is kept."""


@dataclass(frozen=True)
class Epsilon(LayerRule):
    """Epsilon rule: s_ij = x_i w_ij / (y_j + epsilon sign y_j).

    With epsilon 0, the default, it is the plain gradient (LRP-0). A real epsilon absorbs
    relevance of outputs that are small beside it; that is kept with the bias' share, as
    ``linear_bias``. Inputs of any sign. Bach et al. 2015 (doi 10.1371/journal.pone.0130140),
    equation 58.
    """

    epsilon: float = 0.0

    def __post_init__(self) -> None:
        if not self.epsilon >= 0:
            raise InputError(f"epsilon {self.epsilon}: give 0 or more")

    def data(self) -> dict[str, float]:
        return {"epsilon": self.epsilon}

    def passed(self, layer: "_RuledLayer", x: Tensor, y: Tensor, g: Tensor) -> Passed:
        """Multiplies the gradient by y / (y + epsilon sign y)."""
        _, pull = layer.weighted(x, layer.weight, layer.bias)
        if self.epsilon == 0:
            return pull(g)
        ratio = y.abs() / (y.abs() + self.epsilon)
        gradient, kept = pull(g * ratio)
        return gradient, kept + per_sequence(g * y * (1 - ratio))


@dataclass(frozen=True)
class Gamma(LayerRule):
    """Gamma rule: s_ij is the share of x_i (w_ij + gamma w_ij⁺), the bias' b_j + gamma b_j⁺.

    It favours what speaks for an output: for y_j < 0, as a classifier's may be, that is the
    negative part, w⁻ and b⁻ in place of w⁺ and b⁺ (the generalised rule, Andéol et al. 2021,
    arXiv 2106.04923). The denominator is never nearer to 0 than y_j, so none is stabilised.
    Inputs must not be negative. Montavon et al. 2019, table 10.1.
    """

    gamma: float = 0.25

    def __post_init__(self) -> None:
        if not self.gamma >= 0:
            raise InputError(f"gamma {self.gamma}: give 0 or more")

    def data(self) -> dict[str, float]:
        return {"gamma": self.gamma}

    def passed(self, layer: "_RuledLayer", x: Tensor, y: Tensor, g: Tensor) -> Passed:
        """One product for outputs of each sign that have relevance; after a ReLU, one in all."""
        gradient, kept = torch.zeros_like(x), per_sequence(torch.zeros_like(g))
        for chosen, side in ((y > 0, _positive), (y < 0, _negative)):
            weighted = torch.where(chosen, g, 0.0)
            if not weighted.any():
                continue
            total, pull = layer.weighted(
                x,
                layer.weight + self.gamma * side(layer.weight),
                layer.bias + self.gamma * side(layer.bias),
            )
            own_gradient, own_kept = pull(weighted * _quotient(y, total, chosen))
            gradient, kept = gradient + own_gradient, kept + own_kept
        return gradient, kept


@dataclass(frozen=True)
class AlphaBeta(LayerRule):
    """Alpha-beta rule: s_ij = alpha x_i w_ij⁺ / z_j⁺ - beta x_i w_ij⁻ / z_j⁻, alpha - beta = 1.

    z_j⁺ = sum_i x_i w_ij⁺ + b_j⁺ and z_j⁻ = sum_i x_i w_ij⁻ + b_j⁻ are an output's two sides, and
    the rule is the same for outputs of either sign. It speaks of both sides; where an output has
    only one, that one takes the whole, as conservation asks. (The formula alone would there pass
    on alpha R_j, or -beta R_j, and leave relevance over.) A side that is nothing but rounding of
    the other counts as absent. ``AlphaBeta(1.0)``, whose beta is 0, is the z⁺ rule.

    Inputs must not be negative. Bach et al. 2015, equation 60; Montavon et al. 2019, table 10.1.
    """

    alpha: float = 2.0
    beta: float | None = None

    def __post_init__(self) -> None:
        beta = self.alpha - 1.0 if self.beta is None else self.beta
        if not (beta >= 0 and abs(self.alpha - beta - 1.0) < 1e-12):
            raise InputError(
                f"alpha {self.alpha}, beta {beta}: give a beta of 0 or more and alpha = beta + 1"
            )
        object.__setattr__(self, "beta", beta)

    def data(self) -> dict[str, float]:
        return {"alpha_beta": self.alpha}

    def passed(self, layer: "_RuledLayer", x: Tensor, y: Tensor, g: Tensor) -> Passed:
        """One product for the positive weights, one for the negative ones."""
        for_it, pull_for = layer.weighted(x, _positive(layer.weight), _positive(layer.bias))
        against, pull_against = layer.weighted(x, _negative(layer.weight), _negative(layer.bias))
        tiny = torch.finfo(y.dtype).eps
        has_for, has_against = for_it > -tiny * against, -against > tiny * for_it
        share = torch.where(has_against, self.alpha, 1.0)
        other = torch.where(has_for, 1.0 - self.alpha, 1.0)
        gradient, kept = pull_for(g * share * _quotient(y, for_it, has_for))
        own_gradient, own_kept = pull_against(g * other * _quotient(y, against, has_against))
        return gradient + own_gradient, kept + own_kept


_RULES: dict[str, Callable[[float], LayerRule]] = {
    "epsilon": Epsilon,
    "gamma": Gamma,
    "alpha_beta": AlphaBeta,
}
LayerRules = Mapping[str, LayerRule | LayerRuleData]
"""Rules of single layers, by name or pattern; each a rule, or one described as data."""


def layer_rule(described: LayerRule | LayerRuleData) -> LayerRule:
    """A rule from its description as data; a rule itself is returned as it is."""
    if isinstance(described, LayerRule):
        return described
    [(name, value)] = described.model_dump(exclude_none=True).items()
    return _RULES[name](value)


class _RuledLayer(nn.Module):
    """A layer with its own forward pass and the backward pass of a rule."""

    def __init__(
        self, module: nn.Conv1d | nn.Linear, name: str, accounts: Accounts, rule: LayerRule
    ) -> None:
        super().__init__()
        self.module, self.name, self.accounts, self.rule = module, name, accounts, rule

    def forward(self, x: Tensor) -> Tensor:
        return _Passing.apply(x, self)

    @property
    def weight(self) -> Tensor:
        return self.module.weight

    @property
    def bias(self) -> Tensor:
        """Bias of the layer, zeros where it has none."""
        if self.module.bias is None:
            return self.weight.new_zeros(self.weight.shape[0])
        return self.module.bias

    def weighted(
        self, x: Tensor, weight: Tensor, bias: Tensor
    ) -> tuple[Tensor, Callable[[Tensor], Passed]]:
        """Output of the layer under other weights, and how a gradient there is passed on."""
        with torch.enable_grad():
            start = x.detach().requires_grad_()
            if isinstance(self.module, nn.Linear):
                total, shift = linear(start, weight, bias), bias
            else:
                total, shift = self.module._conv_forward(start, weight, bias), bias[:, None]

        def pull(g: Tensor) -> Passed:
            (gradient,) = torch.autograd.grad(total, start, g)
            return gradient, per_sequence(g * shift)

        return total.detach(), pull


class _Passing(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, layer: _RuledLayer) -> Tensor:
        y = layer.module(x)
        ctx.save_for_backward(x, y)
        ctx.layer = layer
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, y = ctx.saved_tensors
        layer: _RuledLayer = ctx.layer
        gradient, kept = layer.rule.passed(layer, x, y, g)
        layer.accounts.enter(layer.name, "linear_bias", kept)
        return gradient, None


def _positive(x: Tensor) -> Tensor:
    return x.clamp(min=0)


def _negative(x: Tensor) -> Tensor:
    return x.clamp(max=0)


def _quotient(y: Tensor, total: Tensor, where: Tensor) -> Tensor:
    """``y / total`` where there is something to divide, 0 elsewhere."""
    return torch.where(where, y / torch.where(where, total, 1.0), 0.0)
