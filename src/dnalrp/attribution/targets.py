"""What is explained: one number a sequence, made from the model's logits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from transformers import PreTrainedModel

from dnalrp.errors import InputError
from dnalrp.models.prediction import margin

Quantity = Literal["margin", "logit", "probability"]
QUANTITIES: tuple[str, ...] = get_args(Quantity)


@dataclass(frozen=True)
class Target:
    """The explained output of a classifier.

    Attributes
    ----------
    label
        A class by number or by its name in the model's ``config.label2id``. None is class 1 of
        two, and the predicted class of more.
    quantity
        ``margin``: the logit of the class minus the highest other, free of the shift that a
        softmax ignores. ``logit``: as it is. ``probability``: after the softmax, whose own
        gradient is taken; near 0 and 1 it vanishes, and the maps with it. That step has no rule:
        the ledger of a probability does not sum to it.
    """

    label: int | str | None = None
    quantity: Quantity = "margin"


@dataclass(frozen=True)
class MaskedToken:
    """The explained output of a masked-language model: how sure it is of one hidden token.

    The token that holds nucleotide ``position`` is replaced by ``[MASK]``; explained is the logit
    of ``token``, by default the hidden one, minus the highest other logit at that place.
    """

    position: int
    token: str | None = None


class Objective(NamedTuple):
    """What is explained of every sequence, ready for batches.

    ``tokens`` are the ids that the model reads; ``places`` and ``wanted`` say, for a
    masked-language model, which token of each is explained and as what.
    """

    tokens: list[list[int]]
    label: int | None
    quantity: Quantity
    places: list[int] | None = None
    wanted: list[int] | None = None

    def logits(self, logits: Tensor, indices: Sequence[int]) -> Tensor:
        """Logits (batch, labels) of the sequences ``indices``, at the explained place."""
        if self.places is None:
            return logits
        places = torch.tensor([self.places[i] for i in indices], device=logits.device)
        return logits[torch.arange(len(places), device=logits.device), places]

    def outputs(self, logits: Tensor, indices: Sequence[int]) -> Tensor:
        """Explained output (batch,) from those logits."""
        if self.wanted is None:
            return explained_output(logits, self.label, self.quantity)
        wanted = torch.tensor([self.wanted[i] for i in indices], device=logits.device)[:, None]
        others = logits.scatter(1, wanted, -torch.inf)
        return logits.gather(1, wanted)[:, 0] - others.amax(dim=-1)


def objective_of(
    model: PreTrainedModel,
    target: Target | MaskedToken | int | str | None,
    tokens: list[list[int]],
    spans: Sequence[npt.NDArray[np.int64]],
) -> Objective:
    """Make a target ready for the encoded sequences.

    Raises
    ------
    InputError
        A target that does not fit the model, or that the model or a sequence lacks.
    """
    masked_model = model.get_output_embeddings() is not None  # classifiers predict no tokens
    if isinstance(target, MaskedToken):
        if not masked_model:
            raise InputError(
                "target MaskedToken explains a masked-language model; give a class to a classifier"
            )
        return _masked_objective(model, target, tokens, spans)
    if masked_model:
        raise InputError(
            f"target {target!r} is a class; give a MaskedToken to a masked-language model"
        )
    chosen = target if isinstance(target, Target) else Target(target)
    if chosen.quantity not in QUANTITIES:
        raise InputError(f"quantity {chosen.quantity!r}: choose one of {', '.join(QUANTITIES)}")
    if model.config.problem_type == "multi_label_classification" and (
        chosen.label is None or chosen.quantity != "logit"
    ):
        raise InputError(
            'the model has independent labels; explain one of them, with Target(label, "logit") '
            "or --target LABEL --quantity logit"
        )
    return Objective(tokens, _class_number(model, chosen.label), chosen.quantity)


def _masked_objective(
    model: PreTrainedModel,
    target: MaskedToken,
    tokens: list[list[int]],
    spans: Sequence[npt.NDArray[np.int64]],
) -> Objective:
    vocabulary = model.tokenizer.get_vocab()
    if target.token is not None and target.token not in vocabulary:
        raise InputError(f"token {target.token!r} is not in the model's vocabulary; choose another")
    hidden, places, wanted = [], [], []
    for number, (ids, token_spans) in enumerate(zip(tokens, spans, strict=True)):
        starts, ends = token_spans.T
        covering = np.flatnonzero((starts <= target.position) & (target.position < ends))
        if not len(covering):
            raise InputError(
                f"position {target.position} lies outside sequence {number} of "
                f"{ends.max()} bases; give a position in it"
            )
        index = int(covering[0])
        places.append(index)
        wanted.append(ids[index] if target.token is None else vocabulary[target.token])
        hidden.append([*ids[:index], model.tokenizer.mask_token_id, *ids[index + 1 :]])
    return Objective(hidden, None, "margin", places, wanted)


def _class_number(model: PreTrainedModel, label: int | str | None) -> int | None:
    if label is None or isinstance(label, int):
        return label
    known = {str(name): int(number) for name, number in model.config.label2id.items()}
    if label not in known:
        raise InputError(f"target {label!r} does not exist: the model has {', '.join(known)}")
    return known[label]


def explained_output(logits: Tensor, label: int | None, quantity: Quantity) -> Tensor:
    """The explained output of a classifier, (batch,), from its logits (batch, labels).

    Raises
    ------
    InputError
        The model has no such class.
    """
    difference = margin(logits, label)  # also checks the class
    if quantity == "margin":
        return difference
    chosen = logits.argmax(dim=-1) if label is None and logits.shape[-1] > 2 else None
    if chosen is None:
        number = 1 if label is None else label
        chosen = torch.full(logits.shape[:1], number, dtype=torch.long, device=logits.device)
    values = logits if quantity == "logit" else logits.softmax(dim=-1)
    return values.gather(1, chosen[:, None])[:, 0]
