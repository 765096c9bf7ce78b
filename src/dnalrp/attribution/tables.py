"""Tables of rules: which module of a model propagates relevance by which rule."""

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import nn

from dnalrp.attribution import rules
from dnalrp.attribution.convolution import Epsilon, Gamma, LayerRules, layer_rule
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
    """Module types to rules, and single modules by name where they want another one.

    ``rules`` are replaced; ``plain`` keep their own gradient: operations for which it is the
    rule (sums, ReLU, max-pooling, dropout that is off) and the modules that hold others. A
    module of any other type is refused, subclasses too, since they may compute anything.
    ``plain`` None lets every module keep its own gradient. ``attention`` names the implementation,
    in the words of transformers, whose kind of mask the rules for attention read.

    ``by_name`` wins over the type: keys are names of modules or patterns of the shell
    (``*.convolution``). A name goes before a pattern; a pattern speaks of the kinds in ``rules``
    only, and the first that fits counts. ``prepared`` is applied to the model first and must not
    touch it: it gives an equal model, or the same, that the rules fit.
    ``rounding`` is how far, relative to the largest logit, rules may move outputs in float64.
    """

    name: str
    rules: Mapping[type[nn.Module], Rule] = field(default_factory=dict)
    plain: tuple[type[nn.Module], ...] | None = ()
    attention: str | None = None
    by_name: Mapping[str, Rule] = field(default_factory=dict)
    prepared: Callable[[nn.Module], nn.Module] | None = None
    rounding: float = 1e-9

    @contextmanager
    def on(self, model: Any) -> Iterator[Ruled]:
        """Put the table on ``model`` for the length of a ``with`` block.

        The model itself is not touched, ever: what the block gets is a twin that shares the
        parameters, frozen, and has the modules of the table replaced. So nothing can be left
        behind by an error, and other threads may use, train or explain the model meanwhile.

        Raises
        ------
        InputError
            The model holds a module that the table does not know, or none of a name that the
            table knows; the message names it.
        """
        if self.prepared is not None:
            model = self.prepared(model)
        self._check_names(model)
        build = _Building(Accounts(), {}, model.get_input_embeddings(), model.dtype, {})
        yield Ruled(self._twin(model, "", build), build.accounts, MappingProxyType(build.counts))

    def _check_names(self, model: nn.Module) -> None:
        kinds = {name: type(module) for name, module in model.named_modules()}
        for pattern in self.by_name:
            if not any(fnmatchcase(name, pattern) for name in kinds):
                ruled = ", ".join(name for name, kind in kinds.items() if kind in self.rules)
                raise InputError(f"rule for {pattern!r}: the model has no such layer, but {ruled}")

    def _rule(self, place: str, kind: type[nn.Module]) -> Rule | None:
        if place in self.by_name:
            return self.by_name[place]
        for pattern, rule in self.by_name.items():
            if kind in self.rules and fnmatchcase(place, pattern):
                return rule
        return self.rules.get(kind)

    def _twin(self, module: nn.Module, place: str, build: _Building) -> nn.Module:
        if module is build.words:
            return rules.InputRule(frozen_twin(module), build.accounts, build.dtype)
        kind = type(module)
        rule = self._rule(place, kind)
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

    What the copy is given in place of a tensor, on another device say, the module does not get.
    Children are still those of ``module`` itself.
    """
    twin = copy.copy(module)
    twin.__dict__ = dict(module.__dict__)
    frozen: dict[str, Any] = {
        name: None if parameter is None else parameter.detach()
        for name, parameter in module._parameters.items()
    }
    twin._parameters = frozen
    twin._buffers = dict(module._buffers)
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


def convolutional_lrp(layer_rules: LayerRules = None) -> RuleTable:
    """LRP for the CNN, a rule a layer: gamma on convolutions, epsilon on dense ones, or as named.

    ``layer_rules`` are by name of the layer, ``first.convolution``, ``second.convolution``,
    ``dense``, ``classifier``, or by pattern; layers that it does not name keep the default::

        convolutional_lrp({"first.convolution": AlphaBeta(2.0), "dense": {"gamma": 0.1}})

    A rule may be given as data too, as in ``attribute.layer_rules`` of the workflow's settings.

    ReLU and max-pooling pass relevance to the inputs that made their output, which is what
    their gradient does. Batch norm is folded into the convolution before it
    (:func:`dnalrp.models.cnn.folded`), whose bias then holds the shift.

    The explained output is a margin, so the classifier starts from relevance z of its class and
    -z of the other, where z may be negative. Gamma then favours the negative part, alpha-beta
    treats either sign alike: see :mod:`dnalrp.attribution.convolution`.
    """
    return RuleTable(
        name="lrp",
        rules={nn.Conv1d: Gamma(0.25), nn.Linear: Epsilon()},
        by_name={name: layer_rule(rule) for name, rule in (layer_rules or {}).items()},
        prepared=cnn.folded,
        plain=(
            nn.Identity,
            nn.ReLU,
            nn.MaxPool1d,
            nn.AdaptiveMaxPool1d,
            nn.Dropout,
            cnn.OneHot,
            cnn.ConvolutionBlock,
            cnn.RegulatoryCnnForSequenceClassification,
        ),
    )
