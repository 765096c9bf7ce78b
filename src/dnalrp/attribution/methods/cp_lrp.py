"""CP-LRP for encoders (Ali et al. 2022): attention and the gate's activated half constant.

With every bias, beta and type embedding at zero it conserves the output exactly.
"""

from dnalrp.attribution import rules
from dnalrp.attribution.composites import Composite
from dnalrp.attribution.encoders.kit import Kit, encoder_composite
from dnalrp.attribution.options import Options
from dnalrp.models.architecture import Architecture

KIT = Kit(
    attention=rules.AttentionValueRule,
    gelu_gate=rules.GateValueRule,
    silu_gate=rules.SiluGateValueRule,
)


def composite(architecture: Architecture, options: Options) -> Composite:
    """The rules for the modules of an architecture.

    Raises
    ------
    InputError
        There are none for it.
    """
    return encoder_composite(architecture, f"cp_lrp, {architecture.name}", KIT)
