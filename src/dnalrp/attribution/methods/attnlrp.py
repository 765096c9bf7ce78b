"""AttnLRP for encoders: attention, gates and activations by the rules of Achtibat et al. 2024.

For DNABERT-2 they are those of Kurth et al. 2026 (arXiv 2604.21690), with one of the readings of
ALiBi: see :class:`~dnalrp.attribution.rules.AlibiAttentionRule`. Encoders without ALiBi have
nothing to read, and their masks nothing to keep.
"""

from functools import partial

from dnalrp.attribution import rules
from dnalrp.attribution.composites import Composite
from dnalrp.attribution.encoders.kit import Kit, encoder_composite, encoder_rules
from dnalrp.attribution.options import AttnLrpOptions
from dnalrp.models.architecture import Architecture


def composite(architecture: Architecture, options: AttnLrpOptions) -> Composite:
    """The rules for the modules of an architecture.

    Raises
    ------
    InputError
        There are none for it.
    """
    alibi = options.alibi if encoder_rules(architecture).alibi else "absorb"
    kit = Kit(
        attention=partial(rules.AlibiAttentionRule, alibi=alibi),
        gelu_gate=rules.GatedGeluRule,
        silu_gate=rules.GatedSiluRule,
    )
    return encoder_composite(architecture, f"attnlrp, {architecture.name}, ALiBi {alibi}", kit)
