"""Gradient x Input (Shrikumar et al. 2016): input times gradient under no rules, on any model."""

from dnalrp.attribution.composites import GRADIENT, Composite
from dnalrp.attribution.options import Options
from dnalrp.models.architecture import Architecture


def composite(architecture: Architecture, options: Options) -> Composite:
    """No rules for anything."""
    return GRADIENT
