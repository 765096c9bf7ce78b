"""Pre-train a masked-language model on genomes and write its model card."""

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from dnalrp.data.crops import CropSampler
from dnalrp.models.device import compute_device
from dnalrp.models.pretraining_settings import PretrainingSection
from dnalrp.pretraining import (
    frequency_loss,
    new_masked_model,
    train_tokenizer,
)
from dnalrp.pretraining import pretrain as pretrained
from dnalrp.provenance import digest, provenance, write_record
from dnalrp.report.pretraining import loss_curve, model_card
from dnalrp.results import HISTORY, PROVENANCE

log = logging.getLogger(__name__)


def pretrain(
    *,
    genomes: Sequence[str | Path],
    model: str | Path,
    checkpoints: str | Path,
    settings: PretrainingSection,
    gpu: bool = False,
    code: str = "",
) -> pd.DataFrame:
    """Write the folder of a pre-trained model: model, tokenizer, training curve, model card.

    Parameters
    ----------
    genomes
        FASTA files.
    model
        Folder to write.
    checkpoints
        Folder from which an interrupted training is resumed; what it left is gone at the end.
    code
        Digest of the code: a training is resumed by the same code alone.

    Returns
    -------
    pandas.DataFrame
        The training curve.
    """
    device, seed = compute_device(gpu), settings.seed
    sampler = CropSampler(
        [*map(str, genomes)], settings.crops, held_out=settings.held_out, seed=seed
    )
    tokenizer = train_tokenizer(sampler, settings, seed=seed)
    masked = new_masked_model(settings.size, tokenizer, seed)
    parameters = sum(parameter.numel() for parameter in masked.parameters())
    log.info("device %s, %d parameters, %d bases", device, parameters, sampler.bases)
    recorded = settings.model_dump(mode="json")
    record = provenance("pretrain", recorded, genomes)
    # only a run of the same settings but for its steps, inputs and code may be resumed
    steps = {**recorded["training"], "steps": 0}
    same = record | {"settings": recorded | {"training": steps}}
    resumable = Path(checkpoints) / digest([same, code])
    history = pretrained(
        masked, sampler, settings.training, seed=seed, checkpoints=resumable, device=device
    )
    chance = frequency_loss(sampler, tokenizer, settings, seed=seed)
    folder = Path(model)
    masked.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    history.to_csv(folder / HISTORY, sep="\t", index=False, float_format="%.6g")
    loss_curve(history, chance).savefig(folder / "history.png", dpi=150)
    card = model_card(record, history, chance=chance, parameters=parameters, bases=sampler.bases)
    (folder / "README.md").write_text(card, encoding="utf-8")
    write_record(folder / PROVENANCE, record)
    shutil.rmtree(resumable, ignore_errors=True)
    log.info("%s", history.tail(1).to_string(index=False))
    return history
