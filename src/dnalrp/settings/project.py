"""Settings of the stage ``project``: maps of nucleotides from tokens, and of tokens from them."""

from typing import Annotated, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from dnalrp.section import Section, Unique

Projection = Literal["split", "copy"]


def _with_split(maps: list[Projection]) -> list[Projection]:
    if "split" not in maps:
        text = "{maps} does not contain 'split', which other stages read"
        raise PydanticCustomError("without_split", text, {"maps": repr(maps)})
    return maps


class Project(Section):
    """Which maps are projected."""

    to_nucleotides: Annotated[Unique[list[Projection]], AfterValidator(_with_split)]
    """`split` shares a token's relevance among its nucleotides; `copy` gives it to each."""
    to_tokens: Unique[list[Literal["sum", "mean", "max_abs"]]]
    """What becomes of a token's nucleotides, of methods that attribute to nucleotides."""
