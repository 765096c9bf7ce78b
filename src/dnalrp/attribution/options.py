"""Options of the methods that have some: what ``explain`` takes by keyword and settings by key.

Nothing here imports torch.
"""

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, get_args

from pydantic import Field, PlainValidator, ValidationError
from pydantic_core import PydanticCustomError

from dnalrp.section import Count, Section, Seed

if TYPE_CHECKING:
    from dnalrp.models.architecture import Architecture

AlibiReading = Literal["absorb", "identity", "uniform"]
ALIBI_READINGS: tuple[str, ...] = get_args(AlibiReading)
LAYER_RULE: Literal["layer_rule"] = "layer_rule"
"""The kind of error that a layer rule is refused with, which says all in one line."""


class Options(Section):
    """A method's options, each with a default; those of any method derive from this."""

    def unfit(self, architecture: "Architecture") -> Iterator[str]:
        """What does not fit a model of this architecture: ``key: value and cure``."""
        yield from ()


class AttnLrpOptions(Options):
    """Options of ``attnlrp``."""

    alibi: AlibiReading = "absorb"
    """How DNABERT-2's position bias is read: `absorb` leaves it what it contributed, `identity`
    and `uniform` pass on all or half of that."""


class LayerRuleData(Section):
    """The LRP rule of a layer as data: one of these."""

    epsilon: Annotated[float, Field(ge=0)] | None = None
    """Added to the denominator."""
    gamma: Annotated[float, Field(ge=0)] | None = None
    """How much positive weights are favoured."""
    alpha_beta: Annotated[float, Field(ge=1)] | None = None
    """Alpha; beta is alpha - 1."""


def _rule(given: Any) -> Any:
    """A rule as data from a mapping of one key; a rule itself as it is."""
    if not isinstance(given, Mapping):
        if callable(given) or isinstance(given, LayerRuleData):
            return given
        given = {"rule": given}
    known = LayerRuleData.model_fields
    if len(given) != 1 or not set(given) <= set(known):
        _refuse_rule(f"layer rule {dict(given)}: give one of {', '.join(known)}")
    [(name, value)] = given.items()
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse_rule(f"layer rule {dict(given)}: give a number")
    try:
        return LayerRuleData(**given)
    except ValidationError:
        if name == "alpha_beta":
            cure = "give a beta of 0 or more and alpha = beta + 1"
            _refuse_rule(f"alpha {value}, beta {value - 1}: {cure}")
        _refuse_rule(f"{name} {value}: give 0 or more")


def _refuse_rule(told: str) -> NoReturn:
    raise PydanticCustomError(LAYER_RULE, "{told}", {"told": told})


class LrpOptions(Options):
    """Options of ``lrp``."""

    layer_rules: dict[
        str,
        Annotated[
            LayerRuleData | Callable[..., Any],
            PlainValidator(_rule, json_schema_input_type=LayerRuleData),
        ],
    ] = Field(default_factory=dict)
    """LRP rules of the CNN's layers, by name or pattern, such as
    `{dense: {gamma: 0.1}, "*.convolution": {alpha_beta: 2}}`; unnamed layers keep the default."""

    def unfit(self, architecture: "Architecture") -> Iterator[str]:
        """Layers that are not there."""
        for layer in self.layer_rules:
            if not any(fnmatchcase(known, layer) for known in architecture.layers):
                yield (
                    f"layer_rules: no layer of a {architecture.name} is {layer!r}; name or match "
                    f"one of {', '.join(architecture.layers)}"
                )


class IntegratedGradientsOptions(Options):
    """Options of ``integrated_gradients``."""

    steps: Count = 50
    """Nodes of the integral, each a forward and a backward pass."""


class DeepLiftShapOptions(Options):
    """Options of ``deep_lift_shap``."""

    references: Count = 10
    """Dinucleotide shuffles of each sequence that it is held against."""
    seed: Seed = 0
    """Decides the shuffles."""


class OcclusionOptions(Options):
    """Options of ``occlusion``."""

    fill: Literal["A", "C", "G", "T", "N"] = "N"
    """The letter that hides a token's nucleotides."""
