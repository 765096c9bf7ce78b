"""Where a checkpoint's files are: in a model folder, or in one of a training run's checkpoints."""

import json
import logging
import re
from pathlib import Path
from typing import NamedTuple

from dnalrp.errors import InputError

log = logging.getLogger(__name__)

_WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
_READ = ("config.json", "model*.safetensors*", "pytorch_model*.bin*", "trainer_state.json")
_TOKENIZER = ("tokenizer.json", "vocab.txt", "vocab.json")
_READ_BESIDE = (*_TOKENIZER, "tokenizer_config.json", "special_tokens_map.json", "merges.txt")


class Checkpoint(NamedTuple):
    """Folders, or the hub id twice, that hold a model and its tokenizer."""

    model: str
    tokenizer: str


def find_checkpoint(name: str | Path) -> Checkpoint:
    """The checkpoint that a name stands for.

    A folder with weights, or a hub id, stands for itself. A training run's folder stands for its
    best ``checkpoint-*`` as its ``trainer_state.json`` has it, or the last one; the log says which.
    The tokenizer may lie in the folder above.

    Raises
    ------
    InputError
        A path that leads nowhere, a file, a folder without a model, only the weights of an adapter,
        or no tokenizer.
    """
    folder = Path(name)
    if not folder.is_dir():
        _check_hub_id(str(name))
        return Checkpoint(str(name), str(name))
    if not _has_weights(folder) and (steps := _steps(folder)):
        folder, why = _best(folder, steps)
        log.info("%s: reading %s, %s", name, folder.name, why)
    if not _has_weights(folder) and (folder / "adapter_config.json").is_file():
        raise InputError(
            f"{folder}: holds an adapter without its model; merge the two "
            "(merge_and_unload in peft), save the result and give its folder"
        )
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder}: no config.json there; give a model's folder or hub id")
    if not _has_weights(folder):
        raise InputError(f"{folder}: holds no weights; put {' or '.join(_WEIGHTS[::2])} there")
    above = folder.parent if folder.name not in ("", "..") else folder.resolve().parent
    tokenizer = folder
    if not _has_tokenizer(folder) and _has_tokenizer(above):
        tokenizer = above
        log.info("%s: the tokenizer is that of the folder above", folder)
    elif not _has_tokenizer(folder):
        raise InputError(
            f"{folder}: has no tokenizer.json, nor has the folder above; copy there the one of the "
            "model that was fine-tuned"
        )
    return Checkpoint(str(folder), str(tokenizer))


def _check_hub_id(name: str) -> None:
    """Refuse what can only be a path: asking the hub for it takes half a minute without network."""
    if Path(name).is_file():
        raise InputError(f"{name}: is a file; give the folder that holds the model")
    owner, *rest = name.split("/")
    if len(rest) != 1 or owner in ("", ".", "..", "~") or Path(owner).exists():
        raise InputError(
            f"{name}: no such folder; correct the path, or give a hub id as owner/name"
        )


def checkpoint_files(name: str | Path) -> list[Path]:
    """All files that loading a local checkpoint reads; none for a hub id."""
    checkpoint = find_checkpoint(name)
    folders = ((checkpoint.model, _READ), (checkpoint.tokenizer, _READ_BESIDE))
    return sorted(
        path
        for folder, patterns in folders
        if Path(folder).is_dir()
        for pattern in patterns
        for path in Path(folder).glob(pattern)
    )


def _best(run: Path, steps: list[Path]) -> tuple[Path, str]:
    """A run's best checkpoint, or its last where none is known, and why it is this one."""
    for folder in (run, *reversed(steps)):
        state = folder / "trainer_state.json"
        if not state.is_file():
            continue
        try:
            best = json.loads(state.read_text(encoding="utf-8")).get("best_model_checkpoint")
        except (ValueError, AttributeError) as error:
            raise InputError(f"{state}: is no JSON; delete it or give a checkpoint") from error
        number = re.search(r"checkpoint-\d+", str(best).replace("\\", "/").rsplit("/", 1)[-1])
        if number and (run / number.group()) in steps:
            return run / number.group(), f"the best by {state}"
        return steps[-1], f"the last: {state} names no best one that is there"
    return steps[-1], "the last: there is no trainer_state.json"


def _steps(run: Path) -> list[Path]:
    """A run's whole checkpoints in the order of their steps."""
    numbered = [
        (int(path.name.removeprefix("checkpoint-")), path)
        for path in run.glob("checkpoint-*")
        if re.fullmatch(r"checkpoint-\d+", path.name)
        and (_has_weights(path) or (path / "adapter_config.json").is_file())
    ]
    return [path for _, path in sorted(numbered)]


def _has_weights(folder: Path) -> bool:
    return any((folder / file).is_file() for file in _WEIGHTS)


def _has_tokenizer(folder: Path) -> bool:
    return any((folder / file).is_file() for file in _TOKENIZER)
