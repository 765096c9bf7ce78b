"""Options of the methods that have some: what ``explain`` takes by keyword and settings by key.

Nothing here imports torch.
"""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import Field, field_validator

from dnalrp.section import CheckedSection, Count, Section, Seed

if TYPE_CHECKING:
    from dnalrp.models.architecture import Architecture

AlibiReading = Literal["absorb", "identity", "uniform"]
ALIBI_READINGS: tuple[str, ...] = get_args(AlibiReading)


class Options(CheckedSection):
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


class LrpOptions(Options):
    """Options of ``lrp``."""

    layer_rules: dict[str, LayerRuleData] = Field(default_factory=dict)
    """LRP rules of the CNN's layers, by name or pattern, such as
    `{dense: {gamma: 0.1}, "*.convolution": {alpha_beta: 2}}`; unnamed layers keep the default."""

    @field_validator("layer_rules", mode="before")
    @classmethod
    def _as_data(cls, given: Any) -> Any:
        """Rules themselves, as calls may give them, as data."""
        if not isinstance(given, Mapping):
            return given
        return {
            name: rule.data() if hasattr(rule, "data") else rule for name, rule in given.items()
        }

    def contradictions(self) -> Iterator[str]:
        """Layers with no rule, or with two."""
        for layer, rule in self.layer_rules.items():
            if len(rule.model_dump(exclude_none=True)) != 1:
                known = ", ".join(LayerRuleData.model_fields)
                yield f"layer_rules.{layer}: give one of {known}"

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
