"""What composites of encoders are put together from: a method's rules, an encoder's modules."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from torch import nn

from dnalrp.attribution.composites import SHARED_RULES, Composite, Rule
from dnalrp.attribution.encoders.catalogue import ENCODERS
from dnalrp.catalogue import resolve
from dnalrp.errors import InputError
from dnalrp.models.architecture import Architecture

Rules = Mapping[type[nn.Module], Rule]


class Kit(NamedTuple):
    """The rules by which methods differ.

    Attributes
    ----------
    attention
        Of softmax(q kᵀ / sqrt(d) + bias) v: a module called with ``query, key, value, bias``.
    gelu_gate, silu_gate
        Of GELU(u) * w and SiLU(u) * w: a module called with u and w side by side.
    """

    attention: Rule
    gelu_gate: Rule
    silu_gate: Rule


class EncoderRules(NamedTuple):
    """How the modules of one architecture take rules.

    Attributes
    ----------
    attention
        A rule of attention to the rules that put it into the architecture's self-attention.
    others
        A kit to the rules of all other modules that :data:`SHARED_RULES` do not know.
    plain
        Types of modules that keep their own gradient: sums, and those that hold others.
    implementation
        Of attention, in the words of transformers, whose kind of mask the rules read.
    rounding
        How far, relative to the largest logit, rules may move outputs in float64.
    alibi
        Whether attention carries ALiBi.
    """

    attention: Callable[[Rule], Rules]
    others: Callable[[Kit], Rules]
    plain: tuple[type[nn.Module], ...]
    implementation: str | None = "eager"
    rounding: float = 1e-9
    alibi: bool = False


def encoder_rules(architecture: Architecture) -> EncoderRules:
    """Rules of an architecture's modules.

    Raises
    ------
    InputError
        It has none.
    """
    if architecture.name not in ENCODERS:
        raise InputError(
            f"a {architecture.name!r} has no rules for its modules; choose a method that needs none"
        )
    rules = resolve(ENCODERS[architecture.name].rules)
    return rules if isinstance(rules, EncoderRules) else rules()


def encoder_composite(architecture: Architecture, name: str, kit: Kit) -> Composite:
    """The composite of an architecture's modules under a kit's rules."""
    encoder = encoder_rules(architecture)
    return Composite(
        name=name,
        rules={**SHARED_RULES, **encoder.attention(kit.attention), **encoder.others(kit)},
        plain=encoder.plain,
        attention=encoder.implementation,
        rounding=encoder.rounding,
    )
