"""Fine-tune or train a sequence classifier with the Hugging Face Trainer."""

import logging
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch.utils.data import Dataset
from transformers import (
    DataCollatorWithPadding,
    EarlyStoppingCallback,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Trainer,
    TrainingArguments,
)
from transformers.trainer_utils import EvalPrediction, get_last_checkpoint

from dnalrp.data.nucleotides import reverse_complement
from dnalrp.errors import InputError
from dnalrp.performance import performance

log = logging.getLogger(__name__)


class TrainingSettings(NamedTuple):
    """How to train.

    ``reverse_complement`` is the chance that a training sequence is read from the other strand;
    ``patience`` counts epochs without a better dev AUROC.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    warmup_share: float
    reverse_complement: float
    patience: int
    seed: int


class LabelledSequences(Dataset):  # type: ignore[type-arg]
    """Tokenised sequences with labels, reverse-complemented at random at the rate given.

    Augmentation draws from torch's generator, which the Trainer seeds and restores on resuming.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        tokenizer: PreTrainedTokenizerFast,
        reverse_complement: float = 0.0,
    ) -> None:
        self.sequences = frame["sequence"].tolist()
        self.labels = frame["label"].tolist()
        self.tokenizer = tokenizer
        self.reverse_complement = reverse_complement

    def __len__(self) -> int:
        return len(self.sequences)

    def __getitem__(self, index: int) -> dict[str, object]:
        sequence = self.sequences[index]
        if self.reverse_complement and torch.rand(()) < self.reverse_complement:
            sequence = reverse_complement(sequence)
        return {**self.tokenizer(sequence), "labels": self.labels[index]}


def train(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    sequences: pd.DataFrame,
    settings: TrainingSettings,
    checkpoints: str | Path,
    device: torch.device,
) -> pd.DataFrame:
    """Train ``model`` in place on the ``train`` split; the epoch of best dev AUROC is kept.

    Parameters
    ----------
    sequences
        ``sequence, label, split`` with two classes.
    checkpoints
        Folder for the Trainer's checkpoints. Where it holds one of a run that was killed,
        training resumes from there.
    device
        Where to train; the model stays there.

    Returns
    -------
    pandas.DataFrame
        The Trainer's log: ``step, epoch, loss, eval_loss, eval_auroc, ...``, a row an event.

    Raises
    ------
    InputError
        The train or dev split has one class only.
    """
    splits = {name: sequences[sequences["split"] == name] for name in ("train", "dev")}
    for name, frame in splits.items():
        if frame["label"].nunique() < 2:
            raise InputError(
                f"the {name} split has {frame['label'].nunique()} class(es) in "
                f"{len(frame)} sequences; a classifier needs both, check labels and splits"
            )
    augmented = LabelledSequences(splits["train"], tokenizer, settings.reverse_complement)
    trainer = Trainer(
        model=model,
        args=_arguments(settings, len(augmented), Path(checkpoints), device),
        train_dataset=augmented,
        eval_dataset=LabelledSequences(splits["dev"], tokenizer),
        processing_class=tokenizer,
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=_evaluate,
        callbacks=[EarlyStoppingCallback(settings.patience)],
    )
    last = last_whole_checkpoint(Path(checkpoints))
    if last:
        log.info("resuming from %s", last)
    trainer.train(resume_from_checkpoint=last)
    model.to(device).eval()
    return pd.DataFrame(trainer.state.log_history)


def last_whole_checkpoint(folder: Path) -> str | None:
    """The newest checkpoint; one that a kill left unfinished lacks its state and is removed."""
    if not folder.is_dir():
        return None
    for checkpoint in folder.glob("checkpoint-*"):
        if not (checkpoint / "trainer_state.json").is_file():
            shutil.rmtree(checkpoint)
    return get_last_checkpoint(str(folder))


def _arguments(
    settings: TrainingSettings, sequences: int, folder: Path, device: torch.device
) -> TrainingArguments:
    steps = settings.epochs * -(-sequences // settings.batch_size)
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        per_device_eval_batch_size=256,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        warmup_steps=round(settings.warmup_share * steps),
        lr_scheduler_type="cosine",
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=True,
        restore_callback_states_from_checkpoint=True,
        metric_for_best_model="auroc",
        greater_is_better=True,
        seed=settings.seed,
        report_to=[],
        use_cpu=device.type == "cpu",
        dataloader_pin_memory=device.type != "cpu",
        remove_unused_columns=False,
    )


def _evaluate(prediction: EvalPrediction) -> dict[str, float]:
    logits = np.asarray(prediction.predictions)
    return performance(np.asarray(prediction.label_ids), logits[:, 1] - logits[:, 0])
