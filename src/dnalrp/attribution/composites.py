"""Composites: which module of a model propagates relevance by which rule.

The word is zennit's (Anders et al. 2021, arXiv 2106.13200).
"""

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
from dnalrp.attribution.rules import Accounts
from dnalrp.errors import InputError

Rule = Callable[[Any, str, Accounts], nn.Module]
"""A module, its name in the model and the accounts to what stands for it: all rules are made so."""


class Ruled(NamedTuple):
    """A model under a composite: ``model`` computes the same outputs, its gradients obey the rules.

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
class Composite:
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
        """Put the composite on ``model`` for the length of a ``with`` block.

        The model itself is not touched, ever: what the block gets is a twin that shares the
        parameters, frozen, and has the modules of the composite replaced. So nothing can be left
        behind by an error, and other threads may use, train or explain the model meanwhile.

        Raises
        ------
        InputError
            The model holds a module that the composite does not know, or none of a name that
            it knows; the message names it.
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

    def _rule(self, name: str, kind: type[nn.Module]) -> Rule | None:
        if name in self.by_name:
            return self.by_name[name]
        for pattern, rule in self.by_name.items():
            if kind in self.rules and fnmatchcase(name, pattern):
                return rule
        return self.rules.get(kind)

    def _twin(self, module: nn.Module, name: str, build: _Building) -> nn.Module:
        if module is build.words:
            return rules.InputRule(frozen_twin(module), name, build.accounts, dtype=build.dtype)
        kind = type(module)
        rule = self._rule(name, kind)
        if rule is None and self.plain is not None and kind not in self.plain:
            raise InputError(
                f"module {name or '(model)'!r} is a {kind.__name__}, for which the "
                f"composite {self.name!r} has no rule; use a method that needs none"
            )
        twin = frozen_twin(module)
        if self.attention and "config" in twin.__dict__:
            twin.config = build.configuration(twin.config, self.attention)
        for child_name, child in module._modules.items():
            if child is not None:
                inner = f"{name}.{child_name}" if name else child_name
                twin._modules[child_name] = self._twin(child, inner, build)
        if rule is None:
            return twin
        build.counts[kind.__name__] = build.counts.get(kind.__name__, 0) + 1
        return rule(twin, name, build.accounts)


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


GRADIENT = Composite("plain gradient", plain=None)
"""No rule for anything: input times gradient is Gradient x Input, on any model."""


SHARED_RULES: dict[type[nn.Module], Rule] = {
    nn.Linear: rules.LinearRule,
    nn.LayerNorm: rules.LayerNormRule,
    nn.Tanh: rules.TanhRule,
    nn.GELU: rules.GeluRule,
    nn.Embedding: rules.ConstantRule,
}
"""What all encoders share."""
