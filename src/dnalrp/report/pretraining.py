"""Training curve and model card of a pre-trained model."""

import pandas as pd
from matplotlib.figure import Figure

from dnalrp.provenance import Record

COMMAND = "snakemake --cores 1 --configfile config/pretraining.yaml -- pretrain"

CARD = """\
---
license: mit
library_name: dnalrp
tags: [dna, genomics, masked-language-model, dnabert2]
---
# {name}: a small DNABERT-2, pre-trained

A masked-language model of {parameters:,} parameters and its byte-pair tokenizer of {vocabulary:,}
tokens, both trained from nothing by this project. The architecture is that of DNABERT-2 (Zhou et
al., ICLR 2024); neither the published weights nor the published tokenizer had a part in it.

| | |
|---|---|
| layers, width, heads, feed-forward | {size[num_hidden_layers]}, {size[hidden_size]}, \
{size[num_attention_heads]}, {size[intermediate_size]} |
| longest token | {max_token_length} bases |
| read in training | {drawn:,} crops of {shortest} to {longest} bases, about {read:.0f} Mb |
| steps, batch, learning rate | {steps:,}, {batch_size}, {learning_rate:g}, \
to 0 in the last {decay_steps:,} |
| tokens asked for | {masked_share:.0%} |
| precision, seed | {precision}, {seed} |
| loss on {held_out} held-out windows | **{loss:.3f}** nats a token |
| the same from token frequencies alone | {chance:.3f} |

`history.tsv` and `history.png` hold the training curve, `provenance.json` all settings, versions
and checksums.

## Data

{bases:,} bases, both strands, unlabelled:

{sources}

The model has read these sequences. What is tested on them later was held out from labels, but not
from pre-training; test on other chromosomes for a clean answer. The held-out windows lie in the
same sequences, and repeats may occur in both.

## Use

```python
import dnalrp

model = dnalrp.load("{folder}", num_labels=2)  # the classifier is new: fine-tune it
```

In the workflow: `pretrained: {folder}` for the model in `config.yaml`. The head for masked tokens
is in the file too: `DnaBert2ForMaskedLM.from_pretrained("{folder}")`.

## Made by

```sh
{command}
```

on torch {torch}, transformers {transformers}, Python {python}.
"""


def model_card(
    record: Record, history: pd.DataFrame, *, chance: float, parameters: int, bases: int
) -> str:
    """Model card in Markdown, from the provenance record and the training curve."""
    settings, last = record["settings"], history.dropna(subset="held_out_loss").iloc[-1]
    shortest, longest = settings["crops"]["length"]
    sources = "\n".join(
        f"- `{genome['fasta']}`: {genome['source']}; SHA-256 `{record['inputs'][genome['fasta']]}`"
        for genome in settings["genomes"]
    )
    return CARD.format(
        **(settings | settings["training"] | record["versions"]),
        parameters=parameters,
        vocabulary=settings["size"]["vocab_size"],
        drawn=int(last["crops"]),
        shortest=shortest,
        longest=longest,
        read=last["crops"] * (shortest + longest) / 2e6,
        loss=last["held_out_loss"],
        chance=chance,
        bases=bases,
        sources=sources,
        folder=f"models/{settings['name']}",
        command=COMMAND,
    )


def loss_curve(history: pd.DataFrame, chance: float) -> Figure:
    """Loss of crops and of held-out windows by step; dotted, that of token frequencies alone."""
    figure = Figure(figsize=(5, 3.2), layout="constrained")
    axes = figure.subplots()
    for column, label in (("loss", "crops"), ("held_out_loss", "held-out windows")):
        rows = history.dropna(subset=column)
        axes.plot(rows["step"], rows[column], marker=".", ms=4, lw=1, label=label)
    axes.axhline(chance, color="grey", ls=":", lw=1, label="token frequencies")
    axes.set(xlabel="step", ylabel="loss (nats a token asked for)")
    axes.legend(frameon=False)
    return figure
