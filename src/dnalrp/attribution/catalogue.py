"""Provisional: what of the methods the evaluation reads. The attribution room's file wins."""

from dataclasses import dataclass
from typing import Any

from dnalrp.catalogue import Catalogue
from dnalrp.section import Section


class _Alibi(Section):
    alibi: str = "absorb"


class _LayerRules(Section):
    layer_rules: dict[str, Any] = {}


@dataclass(frozen=True)
class Method:
    """A method: its name, whether its relevance has a sign, its options."""

    name: str
    sign: bool = True
    options: type[Section] = Section


METHODS: Catalogue[Method] = Catalogue(
    "method",
    Method("attnlrp", options=_Alibi),
    Method("cp_lrp"),
    Method("lrp", options=_LayerRules),
    Method("gradient_x_input"),
    Method("saliency", sign=False),
    Method("attention_rollout", sign=False),
    Method("attention_x_gradient"),
    Method("integrated_gradients"),
    Method("deep_lift_shap"),
    Method("occlusion"),
    Method("mutagenesis"),
    Method("random"),
)
