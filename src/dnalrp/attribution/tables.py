"""Tables of rules: which module of a model propagates relevance by which rule."""

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import nn

from dnalrp.attribution import rules
from dnalrp.attribution.rules import Accounts
from dnalrp.errors import InputError
from dnalrp.models import cnn, dnabert2

Rule = Callable[[Any, str, Accounts], nn.Module]


class Ruled(NamedTuple):
    """A model under a table: ``model`` computes the same outputs, its gradients obey the rules.

    ``counts`` says how many modules of each type were replaced.
    """

    model: nn.Module
    accounts: Accounts
    counts: Mapping[str, int]


class _Building(NamedTuple):
    """What the modules of one twin share while it is built."""

    accounts: Accounts
    counts: dict[str, int]
    words: nn.Module
    dtype: torch.dtype
    configurations: dict[int, Any]

    def configuration(self, config: Any, attention: str) -> Any:
        """Copy of a configuration that asks for another attention function."""
        if id(config) not in self.configurations:
            changed = copy.deepcopy(config)
            changed._attn_implementation = attention
            self.configurations[id(config)] = changed
        return self.configurations[id(config)]


@dataclass(frozen=True)
class RuleTable:
    """Module types to rules.

    ``rules`` are replaced; ``plain`` keep their own gradient: operations for which it is the
    rule (sums, ReLU, max-pooling, dropout that is off) and the modules that hold others. A
    module of any other type is refused, subclasses too, since they may compute anything.
    ``plain`` None lets every module keep its own gradient. ``attention`` names the function, in
    the registry of transformers, that the model's attention calls.
    """

    name: str
    rules: Mapping[type[nn.Module], Rule] = field(default_factory=dict)
    plain: tuple[type[nn.Module], ...] | None = ()
    attention: str | None = None

    @contextmanager
    def on(self, model: Any) -> Iterator[Ruled]:
        """Put the table on ``model`` for the length of a ``with`` block.

        The model itself is not touched, ever: what the block gets is a twin that shares the
        parameters, frozen, and has the modules of the table replaced. So nothing can be left
        behind by an error, and other threads may use, train or explain the model meanwhile.

        Raises
        ------
        InputError
            The model holds a module that the table does not know; the message names it.
        """
        build = _Building(Accounts(), {}, model.get_input_embeddings(), model.dtype, {})
        yield Ruled(self._twin(model, "", build), build.accounts, MappingProxyType(build.counts))

    def _twin(self, module: nn.Module, place: str, build: _Building) -> nn.Module:
        if module is build.words:
            return rules.InputRule(frozen_twin(module), build.accounts, build.dtype)
        kind = type(module)
        rule = self.rules.get(kind)
        if rule is None and self.plain is not None and kind not in self.plain:
            raise InputError(
                f"module {place or '(model)'!r} is a {kind.__name__}, for which the table "
                f"{self.name!r} has no rule; use a method that needs none"
            )
        twin = frozen_twin(module)
        if self.attention and "config" in twin.__dict__:
            twin.config = build.configuration(twin.config, self.attention)
        for name, child in module._modules.items():
            if child is not None:
                inner = f"{place}.{name}" if place else name
                twin._modules[name] = self._twin(child, inner, build)
        if rule is None:
            return twin
        build.counts[kind.__name__] = build.counts.get(kind.__name__, 0) + 1
        return rule(twin, place, build.accounts)


def frozen_twin(module: nn.Module) -> nn.Module:
    """Copy of a module in evaluation mode that shares its tensors, which need no gradient there.

    Children are still those of ``module`` itself.
    """
    twin = copy.copy(module)
    twin.__dict__ = dict(module.__dict__)
    frozen: dict[str, Any] = {
        name: None if parameter is None else parameter.detach()
        for name, parameter in module._parameters.items()
    }
    twin._parameters = frozen
    twin._modules = dict(module._modules)
    twin.training = False
    return twin


GRADIENT = RuleTable("plain gradient", plain=None)
"""No rule for anything: input times gradient is Gradient x Input, on any model."""


SHARED_RULES: dict[type[nn.Module], Rule] = {
    nn.Linear: rules.LinearRule,
    nn.LayerNorm: rules.LayerNormRule,
    nn.Tanh: lambda module, place, accounts: rules.TanhRule(),
    nn.GELU: lambda module, place, accounts: rules.GeluRule(),
    nn.Embedding: rules.ConstantRule,
}
_DNABERT2_PLAIN = (
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
)


def attnlrp(alibi: str) -> RuleTable:
    """AttnLRP for DNABERT-2 (Kurth et al. 2026), with one of the readings of ALiBi.

    ``alibi`` is ``absorb``, ``identity`` or ``uniform``: see
    :class:`~dnalrp.attribution.rules.AlibiAttentionRule`.
    """
    if alibi not in rules.ALIBI_READINGS:
        raise ValueError(f"alibi {alibi!r}: choose one of {', '.join(rules.ALIBI_READINGS)}")
    return RuleTable(
        name=f"attnlrp, ALiBi {alibi}",
        rules=SHARED_RULES
        | {
            dnabert2.GatedGelu: lambda module, place, accounts: rules.GatedGeluRule(),
            dnabert2.AlibiAttention: lambda module, place, accounts: rules.AlibiAttentionRule(
                place, accounts, alibi
            ),
        },
        plain=_DNABERT2_PLAIN,
    )


def cp_lrp() -> RuleTable:
    """CP-LRP for DNABERT-2 (Ali et al. 2022): attention and the gate's activated half constant.

    With every bias, beta and type embedding at zero it conserves the output exactly.
    """
    return RuleTable(
        name="cp_lrp",
        rules=SHARED_RULES
        | {
            dnabert2.GatedGelu: lambda module, place, accounts: rules.GateValueRule(),
            dnabert2.AlibiAttention: lambda module, place, accounts: rules.AttentionValueRule(),
        },
        plain=_DNABERT2_PLAIN,
    )


def convolutional_lrp(gamma: float = 0.25) -> RuleTable:
    """LRP for the CNN: gamma rule on the convolutions, epsilon rule on the dense layers.

    ReLU and max-pooling pass relevance to the inputs that made their output, which is what
    their gradient does.
    """
    return RuleTable(
        name=f"lrp, gamma {gamma}",
        rules={
            nn.Conv1d: lambda module, place, accounts: rules.GammaConvolutionRule(
                module, place, accounts, gamma
            ),
            nn.Linear: rules.LinearRule,
        },
        plain=(
            nn.ReLU,
            nn.MaxPool1d,
            nn.AdaptiveMaxPool1d,
            nn.Dropout,
            cnn.OneHot,
            cnn.ConvolutionBlock,
            cnn.RegulatoryCnnForSequenceClassification,
        ),
    )
