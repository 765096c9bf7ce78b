"""Load a classifier with its tokenizer, refusing what would fail silently later."""

import logging
from pathlib import Path
from pickle import UnpicklingError

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerFast

from dnalrp.errors import InputError
from dnalrp.models.checkpoints import find_checkpoint
from dnalrp.models.cnn import RegulatoryCnnConfig, RegulatoryCnnForSequenceClassification
from dnalrp.models.dnabert2 import DnaBert2Config, DnaBert2ForSequenceClassification

log = logging.getLogger(__name__)

_ARCHITECTURES: dict[str, tuple[type[PreTrainedConfig], type[PreTrainedModel]]] = {
    DnaBert2Config.model_type: (DnaBert2Config, DnaBert2ForSequenceClassification),
    RegulatoryCnnConfig.model_type: (RegulatoryCnnConfig, RegulatoryCnnForSequenceClassification),
}
_NEW_IN_A_CLASSIFIER = ("classifier.", "bert.pooler.")
_NOT_IN_A_CLASSIFIER = ("cls.",)


def load(
    name: str | Path,
    num_labels: int | None = None,
    revision: str = "main",
    trained: bool = False,
) -> PreTrainedModel:
    """Load a DNABERT-2 or CNN classifier in evaluation mode; ``model.tokenizer`` comes with it.

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
    random one, and a warning says so.

    Raises
    ------
    InputError
        No such checkpoint, another architecture, or tensors missing or left over.
    """
    name = str(name)
    if Path(name).is_file():
        raise InputError(f"{name}: is a file; give the folder that holds the model")
    name, tokenizer_name = find_checkpoint(name)
    settings = _configuration(name, revision)
    config_class, model_class = _architecture(name, settings)
    # the published code leaves model_type "bert" and a pointer to its own, remote code
    settings = {k: v for k, v in settings.items() if k not in ("model_type", "auto_map")}
    changes = {} if num_labels is None else {"num_labels": num_labels}
    try:
        config = config_class.from_dict(settings, **changes)
        model, info = model_class.from_pretrained(
            name, config=config, revision=revision, dtype=torch.float32, output_loading_info=True
        )
        tokenizer = PreTrainedTokenizerFast.from_pretrained(tokenizer_name, revision=revision)
    except UnpicklingError as error:
        raise InputError(
            f"{name}: pytorch_model.bin holds more than weights and is not read; "
            "save the checkpoint as safetensors"
        ) from error
    except (OSError, ValueError, RuntimeError, SafetensorError, StrictDataclassError) as error:
        reason = " ".join(str(error).split())[:200]
        if "ignore_mismatched_sizes" in reason:
            reason = f"its tensors are not those of config.json with {config.num_labels} classes"
        raise InputError(f"{name}: cannot be loaded ({reason}); check the checkpoint") from error
    _check_tensors(name, info, trained)
    if len(tokenizer) > config.vocab_size:
        raise InputError(
            f"{name}: the tokenizer has {len(tokenizer)} tokens but the model {config.vocab_size};"
            " put the tokenizer that the model was trained with into the folder"
        )
    model.tokenizer = tokenizer
    return model.eval()


def _configuration(name: str, revision: str) -> dict[str, object]:
    try:
        settings, _ = PreTrainedConfig.get_config_dict(name, revision=revision)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{name}: neither a model folder nor a model that the hub gives; check the name, "
            "and the network if it is a hub id"
        ) from error
    if not settings:
        raise InputError(f"{name}: no config.json there; give a model's folder or hub id")
    return settings


def _architecture(
    name: str, settings: dict[str, object]
) -> tuple[type[PreTrainedConfig], type[PreTrainedModel]]:
    """Classes for a configuration; the published one is known by ALiBi."""
    model_type = settings.get("model_type")
    if model_type in (None, "bert") and "alibi_starting_size" in settings:
        model_type = DnaBert2Config.model_type
    if model_type not in _ARCHITECTURES:
        raise InputError(
            f"{name}: architecture {model_type!r} is not supported; "
            f"give a checkpoint of {' or '.join(_ARCHITECTURES)}"
        )
    return _ARCHITECTURES[str(model_type)]


def _check_tensors(name: str, info: dict[str, object], trained: bool) -> None:
    missing = {str(key) for key in info["missing_keys"]}  # type: ignore[attr-defined]
    unexpected = {str(key) for key in info["unexpected_keys"]}  # type: ignore[attr-defined]
    if lacking := sorted(key for key in missing if not key.startswith(_NEW_IN_A_CLASSIFIER)):
        raise InputError(
            f"{name}: lacks {len(lacking)} tensors, {lacking[0]!r} among them; "
            "the checkpoint is of another architecture or damaged"
        )
    if extra := sorted(key for key in unexpected if not key.startswith(_NOT_IN_A_CLASSIFIER)):
        raise InputError(
            f"{name}: holds {len(extra)} tensors that the model has no place for, {extra[0]!r} "
            "among them; the checkpoint is of another architecture"
        )
    if missing and trained:
        raise InputError(
            f"{name}: has no classifier, {min(missing)!r} is missing; fine-tune it, "
            "or give a fine-tuned checkpoint"
        )
    if missing:
        log.warning(
            "%s has no classifier: %s are new and random, fine-tune before explaining",
            name,
            ", ".join(sorted(missing)),
        )
