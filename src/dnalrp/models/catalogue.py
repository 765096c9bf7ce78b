"""The catalogue of architectures: what ``architecture`` of a model may be.

An architecture of one's own is a file that calls ``ARCHITECTURES.add``:
docs/how-to/add-an-architecture.md.
"""

from collections.abc import Mapping
from typing import Any

from dnalrp.catalogue import Catalogue
from dnalrp.models.architecture import Architecture, ModelSection, Variant
from dnalrp.models.architectures.bert import BERT
from dnalrp.models.architectures.dnabert2 import DNABERT2
from dnalrp.models.architectures.esm import ESM
from dnalrp.models.architectures.modernbert import MODERNBERT
from dnalrp.models.architectures.regulatory_cnn import REGULATORY_CNN

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "ModelSection",
    "Variant",
    "architecture_of",
    "detected_architecture",
]

ARCHITECTURES: Catalogue[Architecture] = Catalogue(
    "architecture", DNABERT2, REGULATORY_CNN, BERT, ESM, MODERNBERT
)


def architecture_of(model: Any) -> Architecture:
    """The architecture of a loaded model.

    Raises
    ------
    InputError
        It is of none of the catalogue.
    """
    return ARCHITECTURES.named(model.config.model_type, type(model).__name__)


def detected_architecture(settings: Mapping[str, Any]) -> Architecture | None:
    """The architecture of a ``config.json``; None where it is of none of the catalogue."""
    return next((own for own in ARCHITECTURES.values() if own.fits(settings)), None)
