"""Grammars of two motifs: what a sequence carries, and the label that it makes."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple


class State(NamedTuple):
    """What a sequence carries.

    ``first`` and ``second`` say whether it has the first and the second motif; in the
    grammar ``decoy``, the motif and a near-copy. ``arranged`` says whether the two stand as it
    asks.
    """

    first: bool
    second: bool
    arranged: bool = True


NEITHER, FIRST, SECOND = State(False, False), State(True, False), State(False, True)
BOTH, MISARRANGED = State(True, True), State(True, True, arranged=False)

_TRUTH: Mapping[str, Callable[[State], bool]] = {
    "and": lambda state: state.first and state.second,
    "or": lambda state: state.first or state.second,
    "xor": lambda state: state.first != state.second,
    "spacing": lambda state: state.first and state.second and state.arranged,
    "order": lambda state: state.first and state.second and state.arranged,
    "decoy": lambda state: state.first,
}
GRAMMARS = tuple(_TRUTH)
PAIR_GRAMMARS = ("and", "or", "xor", "spacing", "order")
"""Those on the first two motifs of a list; the others are on all of them."""
ARRANGED_GRAMMARS = ("spacing", "order")

_ARRANGEMENT_NEGATIVES = (MISARRANGED, FIRST, MISARRANGED, SECOND, MISARRANGED, NEITHER)
STATES: Mapping[str, tuple[Sequence[State], Sequence[State]]] = {
    "and": ((FIRST, SECOND, NEITHER), (BOTH,)),
    "or": ((NEITHER,), (FIRST, SECOND, BOTH)),
    "xor": ((NEITHER, BOTH, NEITHER), (FIRST, SECOND)),
    "spacing": (_ARRANGEMENT_NEGATIVES, (BOTH,)),
    "order": (_ARRANGEMENT_NEGATIVES, (BOTH,)),
    "decoy": ((SECOND, NEITHER), (FIRST, BOTH)),
}
"""States of the negatives and of the positives, by grammar: each split goes through them in turn.

So the proportions are exact, and the grammar can be read off: one motif alone, both and neither
occur under every grammar. Half of the negatives of ``spacing`` and ``order`` have both motifs,
wrongly arranged; of those of ``xor`` a third has both: with a half, no motif alone would say
anything about the label, and training has nothing to begin with. Under ``decoy`` a near-copy is
as frequent in positives as in negatives.
"""


def holds(grammar: str, state: State) -> bool:
    """Whether a sequence in this state is positive under a grammar of GRAMMARS."""
    return _TRUTH[grammar](state)
