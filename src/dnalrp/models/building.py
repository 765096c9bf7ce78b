"""A classifier to be trained: from settings with random weights, or from a checkpoint."""

from collections.abc import Mapping, Sequence

import torch
from transformers import PreTrainedModel

from dnalrp.errors import InputError
from dnalrp.models.cnn import RegulatoryCnnConfig, RegulatoryCnnForSequenceClassification
from dnalrp.models.dnabert2 import DnaBert2Config, DnaBert2ForSequenceClassification
from dnalrp.models.loading import load
from dnalrp.models.tokenizer import nucleotide_tokenizer, train_byte_pair_tokenizer


def build_model(
    architecture: str,
    size: Mapping[str, object],
    pretrained: str | None,
    revision: str,
    tokenizer_sequences: Sequence[str],
    max_token_length: int,
    seed: int,
    num_labels: int | None = 2,
) -> PreTrainedModel:
    """Classifier with its tokenizer as ``model.tokenizer``.

    Parameters
    ----------
    architecture
        ``dnabert2`` or ``regulatory_cnn``; ``bert``, ``esm`` and ``modernbert`` pretrained only.
    size
        Fields of the architecture's configuration; of no effect on a pretrained model.
    pretrained, revision
        Hub id or folder to start from, with its own tokenizer; None for random weights.
    tokenizer_sequences, max_token_length
        What DNABERT-2's byte-pair tokenizer is trained on where there is no pretrained one.
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
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if pretrained is not None:
            loaded = load(pretrained, num_labels, revision, trained=num_labels is None)
            if loaded.config.model_type != architecture:
                raise InputError(
                    f"{pretrained}: is a {loaded.config.model_type} but 'architecture' says "
                    f"{architecture}; correct one of them"
                )
            return loaded
        if architecture not in (DnaBert2Config.model_type, RegulatoryCnnConfig.model_type):
            raise InputError(
                f"architecture {architecture!r} is not trained from random weights; "
                "name a checkpoint under 'pretrained'"
            )
        if architecture == RegulatoryCnnConfig.model_type:
            tokenizer = nucleotide_tokenizer()
            cnn_config = RegulatoryCnnConfig(num_labels=num_labels, **size)  # type: ignore[arg-type]
            model: PreTrainedModel = RegulatoryCnnForSequenceClassification(cnn_config)
        else:
            config = DnaBert2Config(num_labels=num_labels, **size)  # type: ignore[arg-type]
            tokenizer = train_byte_pair_tokenizer(
                tokenizer_sequences, config.vocab_size, max_token_length
            )
            model = DnaBert2ForSequenceClassification(config)
    model.tokenizer = tokenizer
    return model
