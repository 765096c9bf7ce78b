"""Pre-train a masked-language model on genomes and write its model card."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from job import running

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with running(snakemake):
    import torch

    from dnalrp.data.crops import CropSettings, Genome
    from dnalrp.models.device import compute_device
    from dnalrp.pretraining import (
        PretrainingSettings,
        frequency_loss,
        new_masked_model,
        pretrain,
        train_tokenizer,
    )
    from dnalrp.provenance import digest, provenance, write_record
    from dnalrp.report.pretraining import loss_curve, model_card

    torch.set_num_threads(snakemake.threads)
    device = compute_device(snakemake.params.gpu)
    settings, seed = snakemake.params.settings, snakemake.params.seed
    crops = CropSettings(**settings["crops"])
    genome = Genome(snakemake.input.genomes, crops, settings["held_out"], seed)
    tokenizer = train_tokenizer(
        genome,
        settings["tokenizer_crops"],
        settings["size"]["vocab_size"],
        settings["max_token_length"],
        seed,
    )
    model = new_masked_model(settings["size"], tokenizer, seed)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f"device {device}, {parameters} parameters, {genome.bases} bases")
    record = provenance("pretrain", {"seed": seed} | settings, snakemake.input)
    training = PretrainingSettings(**settings["training"], seed=seed)
    # only a run of the same settings but for its steps, inputs and code may be resumed
    same = settings | {"training": training._replace(steps=0)}
    resumable = digest([record | {"settings": same}, snakemake.params.code])
    checkpoints = Path(snakemake.params.checkpoints) / resumable
    history = pretrain(model, genome, training, checkpoints, device)
    chance = frequency_loss(genome, tokenizer, training, settings["tokenizer_crops"])
    folder = Path(snakemake.output.model)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    history.to_csv(folder / "history.tsv", sep="\t", index=False, float_format="%.6g")
    loss_curve(history, chance).savefig(folder / "history.png", dpi=150)
    card = model_card(record, history, chance, parameters, genome.bases)
    (folder / "README.md").write_text(card, encoding="utf-8")
    write_record(folder / "provenance.json", record)
    shutil.rmtree(checkpoints, ignore_errors=True)
    print(history.tail(1).to_string(index=False))
