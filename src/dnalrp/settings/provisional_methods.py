"""Stands for ``dnalrp.attribution.catalogue`` until that is there."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from dnalrp.catalogue import Catalogue
from dnalrp.models.architecture import Architecture
from dnalrp.models.catalogue import ARCHITECTURES
from dnalrp.section import CheckedSection, Section


class AttnLrpOptions(Section):
    """Options of attnlrp."""

    alibi: Literal["absorb", "identity", "uniform"] = "absorb"
    """How DNABERT-2's position bias is read."""


class LayerRule(Section):
    """The LRP rule of a layer, one of these."""

    epsilon: Annotated[float, Field(ge=0)] | None = None
    """Added to the denominator."""
    gamma: Annotated[float, Field(ge=0)] | None = None
    """How much positive weights are favoured."""
    alpha_beta: Annotated[float, Field(ge=1)] | None = None
    """Alpha; beta is alpha - 1."""


class LrpOptions(CheckedSection):
    """Options of lrp."""

    layer_rules: dict[str, LayerRule] = Field({})
    """LRP rules of the CNN's layers, by name or pattern; unnamed layers keep the default."""

    def contradictions(self) -> Iterator[str]:
        """Layers that are not there, and rules that are none."""
        layers = ARCHITECTURES["regulatory_cnn"].layers
        for layer, rule in self.layer_rules.items():
            if len(rule.model_fields_set) != 1:
                yield f"layer_rules.{layer}: give one of epsilon, gamma and alpha_beta"
            if not any(fnmatchcase(known, layer) for known in layers):
                yield (
                    f"layer_rules: no layer of a regulatory_cnn is {layer!r}; name or match "
                    f"one of {', '.join(layers)}"
                )


@dataclass(frozen=True)
class Method:
    """What explains a model."""

    name: str
    explains: str
    options: type[Section] = Section


class Choice(NamedTuple):
    """A method that is chosen, and its options."""

    method: str
    options: Section


METHODS: Catalogue[Method] = Catalogue(
    "method",
    Method("attnlrp", "encoder", AttnLrpOptions),
    Method("cp_lrp", "encoder"),
    Method("lrp", "convolutional", LrpOptions),
    Method("gradient_x_input", ""),
    Method("deep_lift_shap", "convolutional"),
    Method("attention_rollout", "encoder"),
    Method("attention_x_gradient", "encoder"),
    Method("saliency", ""),
    Method("integrated_gradients", ""),
    Method("occlusion", ""),
    Method("mutagenesis", ""),
    Method("random", ""),
)


def methods_of(architecture: Architecture) -> tuple[str, ...]:
    """Names of the methods that explain an architecture."""
    fitting = ("", architecture.family)
    return tuple(name for name, method in METHODS.items() if method.explains in fitting)
