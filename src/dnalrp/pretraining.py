"""Masked-language pre-training of a DNABERT-2 on genomes, with the Hugging Face Trainer."""

import logging
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import Dataset, SequentialSampler
from transformers import (
    DataCollatorForLanguageModeling,
    DataCollatorForTokenClassification,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Trainer,
    TrainerState,
    TrainingArguments,
)

from dnalrp.data.crops import CropSampler
from dnalrp.data.nucleotides import reverse_complement
from dnalrp.models.architectures.dnabert2 import DnaBert2Size
from dnalrp.models.device import check_precision
from dnalrp.models.dnabert2 import DnaBert2Config, DnaBert2ForMaskedLM
from dnalrp.models.pretraining_settings import PretrainingSection, PretrainingSteps
from dnalrp.models.tokenizer import SPECIAL_TOKENS, train_byte_pair_tokenizer
from dnalrp.training import last_whole_checkpoint

log = logging.getLogger(__name__)

IGNORED = -100  # label of a token that is not asked for
TOKENIZER_SEED, CROP_SEED = 1, 2


class Crops(Dataset):  # type: ignore[type-arg]
    """Tokenised crops of genomes: item i is the crop of seed and i, whenever it is asked for."""

    def __init__(
        self, sampler: CropSampler, tokenizer: PreTrainedTokenizerFast, count: int, seed: int
    ) -> None:
        self.sampler, self.tokenizer, self.count, self.seed = sampler, tokenizer, count, seed

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict[str, Any]:
        return _tokens(self.tokenizer, self.sampler.crop((self.seed, CROP_SEED, index)), index)


class _MaskedTrainer(Trainer):
    """Computes the head at the tokens asked for alone; elsewhere its logits enter no loss.

    Crops are random by themselves and come in their order.
    """

    def _get_train_sampler(self, train_dataset: Any = None) -> SequentialSampler:
        return SequentialSampler(self.train_dataset)

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        asked = inputs["labels"] != IGNORED
        with self.accelerator.autocast():
            states = model.bert(inputs["input_ids"], inputs["attention_mask"]).last_hidden_state
            loss = cross_entropy(model.cls(states[asked]).float(), inputs["labels"][asked])
        return (loss, {}) if return_outputs else loss


class _Collator:
    """Masks and pads crops; held-out windows come masked.

    What is masked in a batch follows from the seed and the batch's place, not from a generator's
    state, which a checkpoint would hold after the next batch was drawn.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast, masked_share: float, seed: int) -> None:
        self.mask = DataCollatorForLanguageModeling(tokenizer, mlm_probability=masked_share)
        self.pad = DataCollatorForTokenClassification(tokenizer, label_pad_token_id=IGNORED)
        self.seed = seed

    def __call__(self, items: list[dict[str, Any]]) -> dict[str, Tensor]:
        if "labels" in items[0]:
            return self.pad(items)
        indices = [item.pop("index") for item in items]
        self.mask.generator = torch.Generator().manual_seed((self.seed << 32) + indices[0])
        return self.mask(items)


def train_tokenizer(
    sampler: CropSampler, section: PretrainingSection, *, seed: int
) -> PreTrainedTokenizerFast:
    """Byte-pair tokenizer trained on ``tokenizer_crops`` random crops, each on both strands."""
    crops = (
        sampler.crop((seed, TOKENIZER_SEED, index)) for index in range(section.tokenizer_crops)
    )
    strands = (strand for crop in crops for strand in (crop, reverse_complement(crop)))
    return train_byte_pair_tokenizer(strands, section.size.vocab_size, section.max_token_length)


def new_masked_model(
    size: DnaBert2Size, tokenizer: PreTrainedTokenizerFast, seed: int
) -> PreTrainedModel:
    """Masked-language model with random weights decided by ``seed``; its tokenizer beside it."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = DnaBert2ForMaskedLM(DnaBert2Config(**size.model_dump()))
    model.tokenizer = tokenizer
    return model


def pretrain(
    model: PreTrainedModel,
    sampler: CropSampler,
    settings: PretrainingSteps,
    *,
    seed: int,
    checkpoints: str | Path,
    device: torch.device,
) -> pd.DataFrame:
    """Train ``model`` in place to say which tokens were hidden; the last step is kept.

    Parameters
    ----------
    model
        From :func:`new_masked_model`.
    sampler
        Crops are drawn from it, and its held-out windows give the loss that is watched.
    seed
        Decides crops, masks and dropout.
    checkpoints
        Folder for the Trainer's checkpoints. Where it holds one of a run that was killed,
        training resumes from there, also if that run had another number of steps in view.
    device
        Where to train; the model stays there.

    Returns
    -------
    pandas.DataFrame
        ``step, crops, learning_rate, loss, held_out_loss``, a row an evaluation: mean
        cross-entropy in nats a token asked for, of the crops since the row before and of the
        held-out windows.

    Raises
    ------
    InputError
        The device has not this precision.
    """
    check_precision(settings.precision, device)
    tokenizer = model.tokenizer
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = settings.dropout
    trainer = _MaskedTrainer(
        model=model,
        args=_arguments(settings, seed=seed, folder=Path(checkpoints), device=device),
        train_dataset=Crops(sampler, tokenizer, settings.steps * settings.batch_size, seed),
        eval_dataset=masked_windows(sampler, tokenizer, settings.masked_share, seed),
        processing_class=tokenizer,
        data_collator=_Collator(tokenizer, settings.masked_share, seed),
    )
    last = _usable_checkpoint(Path(checkpoints), settings)
    if last:
        log.info("resuming from %s", last)
    trainer.train(resume_from_checkpoint=last)
    model.to(device).eval()
    return _history(trainer.state.log_history, settings.batch_size)


def masked_windows(
    sampler: CropSampler, tokenizer: PreTrainedTokenizerFast, masked_share: float, seed: int
) -> list[dict[str, list[int]]]:
    """The held-out windows, masked once: ``input_ids, attention_mask, labels``."""
    collator = _Collator(tokenizer, masked_share, seed)
    masked = []
    for index, window in enumerate(sampler.held_out()):
        batch = collator([_tokens(tokenizer, window, index)])
        masked.append({name: values[0].tolist() for name, values in batch.items()})
    return masked


def frequency_loss(
    sampler: CropSampler,
    tokenizer: PreTrainedTokenizerFast,
    section: PretrainingSection,
    *,
    seed: int,
) -> float:
    """Loss on the held-out windows of who knows only how often each token occurs, in nats.

    Frequencies are those in ``tokenizer_crops`` random crops, one added to every count.
    """
    counts: Counter[int] = Counter()
    for index in range(section.tokenizer_crops):
        counts.update(tokenizer(sampler.crop((seed, TOKENIZER_SEED, index)))["input_ids"])
    known = np.array([counts[token] + 1.0 for token in range(len(tokenizer))])
    known[: len(SPECIAL_TOKENS)] = 0.0
    windows = masked_windows(sampler, tokenizer, section.training.masked_share, seed)
    asked = [label for window in windows for label in window["labels"] if label != IGNORED]
    return float(-np.log(known[asked] / known.sum()).mean())


def _tokens(tokenizer: PreTrainedTokenizerFast, sequence: str, index: int) -> dict[str, Any]:
    """Ids, which of them are never asked for (the special ones, N among them), and the place."""
    ids = tokenizer(sequence)["input_ids"]
    special = [int(token < len(SPECIAL_TOKENS)) for token in ids]
    return {
        "input_ids": ids,
        "attention_mask": [1] * len(ids),
        "special_tokens_mask": special,
        "index": index,
    }


def _usable_checkpoint(folder: Path, settings: PretrainingSteps) -> str | None:
    """The newest checkpoint that a run of this many steps would have come by; others go."""
    while last := last_whole_checkpoint(folder):
        state = TrainerState.load_from_json(str(Path(last) / "trainer_state.json"))
        falls = min(state.max_steps, settings.steps) - settings.decay_steps
        if state.max_steps == settings.steps or state.global_step <= falls:
            return last
        shutil.rmtree(last)
    return None


def _arguments(
    settings: PretrainingSteps, *, seed: int, folder: Path, device: torch.device
) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(folder),
        max_steps=settings.steps,
        per_device_train_batch_size=settings.batch_size,
        per_device_eval_batch_size=128,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        warmup_steps=settings.warmup_steps,
        lr_scheduler_type="warmup_stable_decay",
        lr_scheduler_kwargs={"num_decay_steps": settings.decay_steps, "decay_type": "linear"},
        eval_strategy="steps",
        save_strategy="steps",
        logging_strategy="steps",
        eval_steps=settings.evaluate_every,
        save_steps=settings.evaluate_every,
        logging_steps=settings.evaluate_every,
        save_total_limit=2,
        prediction_loss_only=True,
        bf16=settings.precision == "bfloat16",
        fp16=settings.precision == "float16",
        seed=seed,
        report_to=[],
        use_cpu=device.type == "cpu",
        dataloader_pin_memory=device.type != "cpu",
        remove_unused_columns=False,
    )


def _history(events: list[dict[str, Any]], batch_size: int) -> pd.DataFrame:
    """The Trainer's log, its training and evaluation events of one step side by side."""
    rows: dict[int, dict[str, Any]] = {}
    for event in events:
        rows.setdefault(event["step"], {"step": event["step"]}).update(event)
    table = pd.DataFrame(rows.values()).rename(columns={"eval_loss": "held_out_loss"})
    table.insert(1, "crops", table["step"] * batch_size)
    return table[["step", "crops", "learning_rate", "loss", "held_out_loss"]]
