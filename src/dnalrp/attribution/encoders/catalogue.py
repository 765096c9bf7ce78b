"""The catalogue of encoders whose modules have rules: an architecture's name, and where they are.

Reading it imports no torch. Rules for an encoder of one's own: docs/how-to/add-an-architecture.md.
"""

from dataclasses import dataclass
from typing import Any

from dnalrp.catalogue import Catalogue


@dataclass(frozen=True)
class Encoder:
    """An architecture's rules.

    Attributes
    ----------
    name
        Of the architecture.
    rules
        An :class:`~dnalrp.attribution.encoders.kit.EncoderRules`, a function that makes it, or
        where either is, as ``"package.module:name"``.
    """

    name: str
    rules: Any


ENCODERS: Catalogue[Encoder] = Catalogue(
    "encoder",
    Encoder("dnabert2", "dnalrp.attribution.encoders.dnabert2:RULES"),
    Encoder("bert", "dnalrp.attribution.encoders.bert:RULES"),
    Encoder("esm", "dnalrp.attribution.encoders.esm:RULES"),
    Encoder("modernbert", "dnalrp.attribution.encoders.modernbert:RULES"),
)
