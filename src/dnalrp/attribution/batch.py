"""What methods that are no composite are asked about, and what they answer."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from dnalrp.attribution.targets import Objective, explained_output
from dnalrp.errors import InputError
from dnalrp.models.prediction import padded_batch, predict

Arrays = list[npt.NDArray[np.floating]]
SequenceOutputs = Callable[[Sequence[str]], npt.NDArray[np.float64]]
"""Sequences to the explained outputs, (sequences,)."""


class BatchRelevance(NamedTuple):
    """Relevance of a batch's sequences, one array each.

    ``gap`` (batch,) is by how much relevance misses the sum that the method promises; ``spans``
    are (positions, 2) a sequence, None for those of the tokens.
    """

    relevance: Arrays
    gap: npt.NDArray[np.float64] | None = None
    spans: list[npt.NDArray[np.int64]] | None = None


class Batch(NamedTuple):
    """Some sequences and their model.

    Attributes
    ----------
    twin
        The model, frozen, to be used and not changed.
    objective
        What is explained.
    indices
        Numbers of the sequences in ``objective``.
    sequences
        Upper case.
    spans
        One int array (tokens, 2) a sequence, (0, 0) for special tokens.
    """

    twin: Any
    objective: Objective
    indices: list[int]
    sequences: list[str]
    spans: list[npt.NDArray[np.int64]]

    def padded(self) -> dict[str, Tensor]:
        """Input of the model, on its device: ``input_ids``, ``attention_mask``."""
        return padded_batch(self.twin, [self.objective.tokens[i] for i in self.indices])

    def words(self) -> Tensor:
        """Input embeddings, (batch, tokens, hidden)."""
        with torch.no_grad():
            return self.twin.get_input_embeddings()(self.padded()["input_ids"])

    def outputs(self, words: Tensor) -> Tensor:
        """Explained outputs (batch,) from input embeddings.

        They take the place of what the twin's own embedding gives for the batch's ids: some
        models (ESM) do not treat ``inputs_embeds`` as they treat ids.
        """

        def replaced(module: object, ids: object, embedded: Tensor) -> Tensor:
            return words

        handle = self.twin.get_input_embeddings().register_forward_hook(replaced)
        try:
            logits = self.twin(**self.padded()).logits
        finally:
            handle.remove()
        return self.objective.outputs(self.objective.logits(logits, self.indices), self.indices)

    def cut(self, relevance: Tensor) -> Arrays:
        """Rows of (batch, tokens) without their padding."""
        rows = relevance.detach().cpu().numpy()
        return [row[: len(spans)] for row, spans in zip(rows, self.spans, strict=True)]

    def only_margins(self, method: str) -> None:
        """Refuse what is no margin of a class, for methods that explain nothing else.

        Raises
        ------
        InputError
            The batch's output is a logit, a probability or a token.
        """
        if self.objective.quantity != "margin" or self.objective.places is not None:
            raise InputError(f"method {method!r} explains margins of a class only; choose another")

    def pools_mean(self) -> bool:
        """Does the classifier read the mean of all tokens, not the first?"""
        return getattr(self.twin.config, "classifier_pooling", "cls") == "mean"

    def sequence_outputs(self) -> list[SequenceOutputs]:
        """For each sequence, variants of it to explained outputs; its class is the original's.

        Raises
        ------
        InputError
            A masked token is explained, which variants of a sequence have not.
        """
        if self.objective.places is not None:
            raise InputError("a masked token has no variants; choose a gradient method")
        labels = [self.objective.label] * len(self.sequences)
        if self.objective.label is None and self.twin.config.num_labels > 2:
            labels = [int(row.argmax()) for row in predict(self.twin, self.sequences)]
        return [self._outputs_of(label) for label in labels]

    def _outputs_of(self, label: int | None) -> SequenceOutputs:
        def outputs(variants: Sequence[str]) -> npt.NDArray[np.float64]:
            logits = torch.from_numpy(predict(self.twin, variants))
            return explained_output(logits, label, self.objective.quantity).numpy()

        return outputs
