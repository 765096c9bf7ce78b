"""Load a classifier with its tokenizer, refusing what would fail silently later."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import (
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

from dnalrp.catalogue import resolve
from dnalrp.errors import InputError
from dnalrp.models.catalogue import ARCHITECTURES, Architecture, detected_architecture
from dnalrp.models.checkpoints import find_checkpoint
from dnalrp.models.tokenizer import token_spans

log = logging.getLogger(__name__)


_UNREADABLE = (
    OSError,
    ValueError,
    RuntimeError,
    ImportError,
    SafetensorError,
    StrictDataclassError,
    LookupError,
    TypeError,
)
_SPECIAL_TOKENS = {
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "mask_token": "[MASK]",
}


def load(
    name: str | Path,
    num_labels: int | None = None,
    revision: str = "main",
    trained: bool = False,
) -> PreTrainedModel:
    """Load a classifier in evaluation mode; ``model.tokenizer`` comes with it.

    It may be of any architecture of the catalogue (:mod:`dnalrp.models.catalogue`).

    Parameters
    ----------
    name
        A local folder, or an id on the Hugging Face hub such as ``zhihan1996/DNABERT-2-117M``.
        Of a training run's folder, the best of its ``checkpoint-*`` is read.
    num_labels
        Outputs of a classifier that is new; by default as the checkpoint's configuration says.
    revision
        Branch, tag or commit on the hub.
    trained
        Refuse a checkpoint without a classifier, instead of giving it a random one.

    Weights are read from safetensors, or from ``pytorch_model.bin`` as weights only: nothing
    from a checkpoint is ever run. A checkpoint without a classifier, as that of the hub, gets a
    random one, and a warning says so. Another warning names a checkpoint that brings code of its
    own, which may compute something else than the class that it is read into.

    Raises
    ------
    InputError
        No such checkpoint, another architecture, tensors missing or left over, or a tokenizer
        that does not fit the model or does not spell DNA.
    """
    name = str(name)
    name, tokenizer_name = find_checkpoint(name)
    settings = _configuration(name, revision)
    architecture = _architecture(name, settings)
    model_class = _model_class(name, architecture, settings)
    # the published code leaves model_type "bert" and a pointer to its own, remote code
    settings = {k: v for k, v in settings.items() if k not in ("model_type", "auto_map")}
    changes = {} if num_labels is None else {"num_labels": num_labels}
    try:
        config = resolve(architecture.config).from_dict(settings, **changes)
        model, info = model_class.from_pretrained(
            name, config=config, revision=revision, dtype=torch.float32, output_loading_info=True
        )
        tokenizer = _tokenizer(tokenizer_name, revision)
    except UnpicklingError as error:
        raise InputError(
            f"{name}: pytorch_model.bin holds more than weights and is not read; "
            "save the checkpoint as safetensors"
        ) from error
    except _UNREADABLE as error:
        reason = " ".join(str(error).split())[:200]
        if "ignore_mismatched_sizes" in reason:
            reason = f"its tensors are not those of config.json with {config.num_labels} classes"
        raise InputError(f"{name}: cannot be loaded ({reason}); check the checkpoint") from error
    _check_tensors(name, info, architecture, trained)
    _check_tokenizer(name, tokenizer, config.vocab_size)
    model.tokenizer = tokenizer
    # else transformers would save tensors under the older names that it looked for in the file
    # (LayerNorm.gamma), and the Trainer, which reads them back as they are, would lose them
    model._weight_conversions = []
    return model.eval()


def _tokenizer(name: str, revision: str) -> PreTrainedTokenizerBase:
    """The fast tokenizer as it is stored, or what transformers makes of a vocabulary."""
    try:
        tokenizer = PreTrainedTokenizerFast.from_pretrained(name, revision=revision)
    except (OSError, ValueError):
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision, trust_remote_code=False)
    vocabulary = tokenizer.get_vocab()
    for role, token in _SPECIAL_TOKENS.items():  # BERT's, which older checkpoints do not spell out
        if getattr(tokenizer, role) is None and token in vocabulary:
            setattr(tokenizer, role, token)
    return tokenizer


def _check_tokenizer(name: str, tokenizer: PreTrainedTokenizerBase, vocabulary: int) -> None:
    cure = "put the tokenizer that the model was trained with into the folder"
    if len(tokenizer) > vocabulary:
        raise InputError(
            f"{name}: the tokenizer has {len(tokenizer)} tokens but the model {vocabulary}; {cure}"
        )
    if 4 * len(tokenizer) < vocabulary:  # some ids may be spare, but never most of them
        raise InputError(
            f"{name}: the tokenizer has {len(tokenizer)} tokens and the model {vocabulary}; {cure}"
        )
    if tokenizer.pad_token_id is None:
        raise InputError(f"{name}: the tokenizer has no padding token; {cure}")
    try:
        token_spans(tokenizer, ["ACGTTGCATGCAAGCTTCGA"])
    except InputError as error:
        raise InputError(f"{name}: the tokenizer does not spell DNA ({error}); {cure}") from error


def _configuration(name: str, revision: str) -> dict[str, object]:
    try:
        settings, _ = PreTrainedConfig.get_config_dict(name, revision=revision)
    except (OSError, ValueError) as error:
        if Path(name).is_dir():
            raise InputError(f"{name}: config.json is no JSON; fetch or write it again") from error
        raise InputError(
            f"{name}: neither a model folder nor a model that the hub gives; check the name, "
            "and the network if it is a hub id"
        ) from error
    if not isinstance(settings, dict) or not settings:
        raise InputError(f"{name}: config.json holds no settings of a model; fetch it again")
    return settings


def _architecture(name: str, settings: Mapping[str, object]) -> Architecture:
    """The architecture of a configuration."""
    architecture = detected_architecture(settings)
    if architecture is None:
        raise InputError(
            f"{name}: architecture {settings.get('model_type')!r} is not supported; "
            f"give a checkpoint of {' or '.join(ARCHITECTURES)}"
        )
    return architecture


def _model_class(name: str, architecture: Architecture, settings: Mapping[str, object]) -> Any:
    """The classifier for a configuration; a warning where it stands in for other code."""
    model_class = resolve(architecture.model_for(settings))
    if "auto_map" in settings and not architecture.replaces_code:
        log.warning(
            "%s brings code of its own, which is not run: it is read as %s; "
            "compare its outputs with published ones",
            name,
            model_class.__name__,
        )
    return model_class


def _check_tensors(
    name: str, info: Mapping[str, Any], architecture: Architecture, trained: bool
) -> None:
    if lacking := _others(info["missing_keys"], architecture.new):
        raise InputError(
            f"{name}: lacks {len(lacking)} tensors, {lacking[0]!r} among them; "
            "the checkpoint is of another architecture or damaged"
        )
    if extra := _others(info["unexpected_keys"], architecture.left_out):
        raise InputError(
            f"{name}: holds {len(extra)} tensors that the model has no place for, {extra[0]!r} "
            "among them; the checkpoint is of another architecture"
        )
    new = _others(info["missing_keys"], architecture.untrained)
    if new and trained:
        raise InputError(
            f"{name}: has no classifier, {min(new)!r} is missing; fine-tune it, "
            "or give a fine-tuned checkpoint"
        )
    if new:
        log.warning(
            "%s has no classifier: %s are new and random, fine-tune before explaining",
            name,
            ", ".join(new),
        )


def _others(names: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """Names that fit no pattern, sorted."""
    return sorted(n for n in names if not any(fnmatchcase(n, pattern) for pattern in patterns))
