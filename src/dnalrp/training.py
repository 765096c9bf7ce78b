"""Fine-tune or train a sequence classifier with the Hugging Face Trainer."""

import logging
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from torch.utils.data import Dataset
from transformers import (
    DataCollatorWithPadding,
    EarlyStoppingCallback,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Trainer,
    TrainingArguments,
)
from transformers.trainer_utils import EvalPrediction, get_last_checkpoint

from dnalrp.data import nucleotides
from dnalrp.data.labels import Labels, check_splits, read_labels
from dnalrp.errors import InputError
from dnalrp.models.adapter import merge_adapter, with_adapter
from dnalrp.models.device import check_precision
from dnalrp.models.prediction import check_positions
from dnalrp.models.tokenizer import encode, token_ids
from dnalrp.models.training_settings import Training
from dnalrp.performance import performance

log = logging.getLogger(__name__)

_EXCLUSIVE = "single_label_classification"


class LabelledSequences(Dataset):  # type: ignore[type-arg]
    """Tokenised sequences with labels, reverse-complemented at random at the rate given.

    ``segmentation_dropout`` is the chance that a junction is barred to tokens: see
    :func:`dnalrp.models.tokenizer.encode`. Both draw from torch's generator, which the Trainer
    seeds and restores on resuming.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        tokenizer: PreTrainedTokenizerBase,
        reverse_complement: float = 0.0,
        segmentation_dropout: float = 0.0,
    ) -> None:
        sequences = frame["sequence"].tolist()
        self.labels = frame["label"].tolist()
        self.tokens = token_ids(tokenizer, sequences)
        self.rate = reverse_complement
        self.reversed = self.tokens
        if self.rate and not segmentation_dropout:  # which cuts both strands anew each time
            other_strand = [nucleotides.reverse_complement(sequence) for sequence in sequences]
            self.reversed = token_ids(tokenizer, other_strand)
        self.tokenizer = tokenizer
        self.sequences = sequences
        self.segmentation_dropout = segmentation_dropout

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> dict[str, object]:
        other = self.rate and torch.rand(()) < self.rate
        if self.segmentation_dropout:
            sequence = self.sequences[index]
            sequence = nucleotides.reverse_complement(sequence) if other else sequence
            barred = torch.rand(len(sequence) - 1).numpy() < self.segmentation_dropout
            ids = encode(self.tokenizer, [sequence], [barred]).ids[0]
        else:
            ids = (self.reversed if other else self.tokens)[index]
        return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": self.labels[index]}


def train(
    model: PreTrainedModel,
    sequences: pd.DataFrame,
    settings: Training,
    *,
    seed: int,
    checkpoints: str | Path,
    device: torch.device,
) -> pd.DataFrame:
    """Train ``model`` in place on the ``train`` split; what was best on ``dev`` is kept.

    An adapter is merged at the end: the model is plain again.

    Parameters
    ----------
    model
        It carries its tokenizer, as ``model.tokenizer``.
    sequences
        ``sequence, label, split``; labels as :func:`~dnalrp.data.labels.read_labels` has them, as
        many as the model has outputs. Of several labels a sequence, each is learnt on its own.
    seed
        Decides the order of sequences, dropout, and the weights of an adapter.
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
        Labels that are none, a class missing from the train or dev split, weights of another
        number of classes, a precision that the device has not, or a sequence too long for the
        model.
    """
    check_precision(settings.precision, device)
    tokenizer = model.tokenizer
    labels = read_labels(sequences)
    check_splits(labels, sequences["split"], ("train", "dev"))
    check_outputs(model, labels)
    if labels.several:
        model.config.problem_type = "multi_label_classification"
    sequences = sequences.assign(label=labels.values.tolist())
    splits = {name: sequences[sequences["split"] == name] for name in ("train", "dev")}
    augmented = LabelledSequences(
        splits["train"], tokenizer, settings.reverse_complement, settings.segmentation_dropout
    )
    held_out = LabelledSequences(splits["dev"], tokenizer)
    check_positions(model, augmented.tokens + held_out.tokens)
    weights = _class_weights(settings.class_weights, labels, sequences["split"] == "train")
    adapter = settings.adapter
    trainer = Trainer(
        model=model if adapter is None else with_adapter(model, adapter, seed),
        args=_arguments(
            settings, len(augmented), seed=seed, folder=Path(checkpoints), device=device
        ),
        train_dataset=augmented,
        eval_dataset=held_out,
        processing_class=tokenizer,
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_loss_func=_loss(labels.several, weights),
        compute_metrics=_evaluate,
        callbacks=[EarlyStoppingCallback(settings.patience)] if settings.patience else [],
    )
    last = last_whole_checkpoint(Path(checkpoints))
    if last:
        log.info("resuming from %s", last)
    trainer.train(resume_from_checkpoint=last)
    if adapter is not None:
        merge_adapter(trainer.model)
    model.to(device).eval()
    return pd.DataFrame(trainer.state.log_history)


def check_outputs(model: PreTrainedModel, labels: Labels, exactly: bool = True) -> None:
    """Refuse a model with fewer outputs than there are classes or, if ``exactly``, with more.

    Raises
    ------
    InputError
        One line with both numbers; or a model of independent labels where there is one each, or
        one of classes that exclude each other, not to be trained, where there are several.
    """
    outputs = model.config.num_labels
    if labels.several and not exactly and model.config.problem_type == _EXCLUSIVE:
        raise InputError(
            "the model has classes that exclude each other, but a sequence has several labels "
            "here; give a model of independent labels (problem_type multi_label_classification)"
        )
    if model.config.problem_type == "multi_label_classification" and not labels.several:
        raise InputError(
            "the model has independent labels, but a sequence has one class here; give a model of "
            "classes that exclude each other, or a table with several_labels: true"
        )
    if outputs < labels.classes or (outputs != labels.classes and (exactly or labels.several)):
        raise InputError(
            f"labels go from 0 to {labels.classes - 1} but the model has {outputs} outputs; "
            "correct the labels, or take another model"
        )


def check_class_names(model: PreTrainedModel, names: Sequence[str]) -> None:
    """Refuse a classifier whose own names of classes stand in another order than ``names``.

    With two classes that way round, its AUROC would be 1 minus what it is. A model that calls its
    classes by other names, or only by numbers, is taken as it is.

    Raises
    ------
    InputError
        One line with both orders.
    """
    named = [str(model.config.id2label[label]) for label in range(model.config.num_labels)]
    if len(set(named)) < len(named):
        raise InputError(
            f"the model calls several of its classes by one name ({', '.join(named)}); give each "
            "a name of its own in its config.json, id2label"
        )
    folded = [name.casefold() for name in named]
    wanted = [name.casefold() for name in names]
    if folded != wanted and set(folded) == set(wanted):
        raise InputError(
            f"the model's classes are {', '.join(named)} in the order of their labels, but "
            f"'classes' lists {', '.join(names)}; put them in the model's order"
        )


def name_classes(model: PreTrainedModel, names: Sequence[str]) -> None:
    """Put the classes' names, in the order of their labels, into the model's configuration.

    They are saved with it, so that ``target="Oct4"`` finds its class.
    """
    assert len(names) == model.config.num_labels
    model.config.id2label = dict(enumerate(names))
    model.config.label2id = {name: label for label, name in enumerate(names)}


def last_whole_checkpoint(folder: Path) -> str | None:
    """The newest checkpoint; one that a kill left unfinished lacks its state and is removed."""
    if not folder.is_dir():
        return None
    for checkpoint in folder.glob("checkpoint-*"):
        if not (checkpoint / "trainer_state.json").is_file():
            shutil.rmtree(checkpoint)
    return get_last_checkpoint(str(folder))


def _arguments(
    settings: Training, sequences: int, *, seed: int, folder: Path, device: torch.device
) -> TrainingArguments:
    steps = settings.epochs * -(-sequences // settings.batch_size)
    warmup, every = settings.warmup_steps, settings.evaluate_steps
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        per_device_eval_batch_size=256,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        warmup_steps=round(settings.warmup_share * steps) if warmup is None else warmup,
        lr_scheduler_type=settings.schedule,
        eval_strategy="epoch" if every is None else "steps",
        save_strategy="epoch" if every is None else "steps",
        eval_steps=every and min(every, steps),
        save_steps=min(every or steps, steps),
        logging_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=True,
        restore_callback_states_from_checkpoint=True,
        metric_for_best_model=settings.best_by,
        greater_is_better=settings.best_by != "loss",
        bf16=settings.precision == "bfloat16",
        fp16=settings.precision == "float16",
        seed=seed,
        report_to=[],
        use_cpu=device.type == "cpu",
        dataloader_pin_memory=device.type != "cpu",
        remove_unused_columns=False,
    )


def _class_weights(
    wanted: str | Sequence[float] | None, labels: Labels, trained: pd.Series
) -> Tensor | None:
    """Weights of the classes, (classes,), or None where all count alike."""
    if wanted is None:
        return None
    values = labels.values[trained.to_numpy()]
    if wanted == "balanced" and labels.several:
        return torch.from_numpy((1 - values).sum(axis=0) / values.sum(axis=0)).float()
    if wanted == "balanced":
        return torch.from_numpy(len(values) / (labels.classes * np.bincount(values))).float()
    if len(wanted) != labels.classes:
        raise InputError(
            f"class_weights: {len(wanted)} weights for {labels.classes} classes; give one a class"
        )
    return torch.tensor(wanted, dtype=torch.float32)


def _loss(several: bool, weights: Tensor | None) -> Callable[..., Tensor]:
    """Loss of a batch as the Trainer calls it: outputs, labels and how many items there are."""

    def loss(outputs: Any, labels: Tensor, num_items_in_batch: object = None) -> Tensor:
        placed = None if weights is None else weights.to(outputs.logits)
        if several:
            return binary_cross_entropy_with_logits(
                outputs.logits, labels.to(outputs.logits), pos_weight=placed
            )
        return cross_entropy(outputs.logits, labels, weight=placed)

    return loss


def _evaluate(prediction: EvalPrediction) -> dict[str, float]:
    return performance(np.asarray(prediction.label_ids), np.asarray(prediction.predictions))
