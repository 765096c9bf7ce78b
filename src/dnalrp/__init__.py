"""Which nucleotides made a genome model say so, and can that answer be trusted?

``load`` a model, ``explain`` sequences; everything else is in the stages' own modules.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

__all__ = ["InputError", "RelevanceMaps", "Segmentations", "average_relevance", "explain", "load"]

_PUBLIC = {
    "InputError": "dnalrp.errors",
    "RelevanceMaps": "dnalrp.attribution.maps",
    "Segmentations": "dnalrp.attribution.segmentations",
    "average_relevance": "dnalrp.attribution.segmentations",
    "explain": "dnalrp.attribution.explanation",
    "load": "dnalrp.models.loading",
}


def __getattr__(name: str) -> Any:
    """Import the public names on first use: torch takes seconds, most stages do without."""
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'dnalrp' has no attribute {name!r}")
