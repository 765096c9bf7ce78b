"""A classifier to be trained: from settings with random weights, or from a checkpoint."""

from collections.abc import Sequence

import torch
from transformers import PreTrainedModel

from dnalrp.catalogue import resolve
from dnalrp.errors import InputError
from dnalrp.models.catalogue import ARCHITECTURES, ModelSection
from dnalrp.models.loading import load


def build_model(
    section: ModelSection,
    tokenizer_sequences: Sequence[str],
    *,
    seed: int,
    num_labels: int | None = 2,
) -> PreTrainedModel:
    """Classifier with its tokenizer as ``model.tokenizer``.

    Parameters
    ----------
    section
        Its settings. ``size`` is of no effect on a pretrained model.
    tokenizer_sequences
        What a tokenizer is trained on where there is no pretrained one.
    seed
        Decides all random weights.
    num_labels
        Classes, or labels; None for those of a pretrained model that is already a classifier.

    Raises
    ------
    InputError
        The pretrained model cannot be loaded or is of another architecture, or there is none for
        an architecture that is not trained from random weights.
    """
    architecture = ARCHITECTURES.named(section.architecture, "architecture")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if section.pretrained is not None:
            untouched = num_labels is None
            loaded = load(section.pretrained, num_labels, section.revision, trained=untouched)
            if loaded.config.model_type != architecture.name:
                raise InputError(
                    f"{section.pretrained}: is a {loaded.config.model_type} but 'architecture' "
                    f"says {architecture.name}; correct one of them"
                )
            return loaded
        if architecture.from_scratch is None:
            raise InputError(
                f"architecture {architecture.name!r} is not trained from random weights; "
                "name a checkpoint under 'pretrained'"
            )
        new: PreTrainedModel = resolve(architecture.from_scratch)(
            section, tokenizer_sequences, num_labels
        )
    return new
