"""Cost of AttnLRP and of other explanations, against a plain forward pass and input gradient.

All on the same model (random weights) and input, in one process, in turn with the plain pass,
whose parameters are frozen and which uses torch's own fused attention and autograd. Prints for
each the median time of a batch and the median ratio to the neighbouring plain pass.

    python benchmarks/attnlrp.py [--size compact|full] [--tokens 44] [--batch 64] [--threads 2]
"""

import argparse
import copy
import statistics
import time
from collections.abc import Callable

import torch
from scipy.stats import spearmanr
from torch import Tensor

from dnalrp.attribution.composites import GRADIENT, Composite
from dnalrp.attribution.explanation import composite_of
from dnalrp.attribution.methods.integrated_gradients import integrated_gradients
from dnalrp.models.dnabert2 import DnaBert2Config, DnaBert2ForSequenceClassification

SIZES = {
    "compact": {
        "vocab_size": 2048,
        "hidden_size": 128,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "intermediate_size": 256,
    },
    "full": {},
}
BASES_PER_TOKEN = 4.5


def margins(model: torch.nn.Module, **inputs: Tensor) -> Tensor:
    """Margin of class 1, (batch,)."""
    logits = model(**inputs).logits
    return logits[:, 1] - logits[:, 0]


def relevance(
    composite: Composite, model: DnaBert2ForSequenceClassification, ids: Tensor
) -> Tensor:
    """Relevance map of a batch under a composite, (batch, tokens)."""
    with composite.on(model) as ruled:
        outputs = margins(ruled.model, input_ids=ids)
        words = ruled.accounts.words
        (gradient,) = torch.autograd.grad(outputs.sum(), words)
        return (words.detach() * gradient).sum(dim=-1)


def with_all_gradients(model: DnaBert2ForSequenceClassification, ids: Tensor) -> None:
    """Gradient x Input as usually written: every parameter's gradient is taken too."""
    words = model.get_input_embeddings()(ids)
    words.retain_grad()
    margins(model, inputs_embeds=words).sum().backward()
    model.zero_grad(set_to_none=True)


def path_integral(model: DnaBert2ForSequenceClassification, ids: Tensor) -> None:
    """Integrated Gradients in 50 steps."""
    with GRADIENT.on(model) as ruled:
        words = model.get_input_embeddings()(ids).detach()
        integrated_gradients(
            lambda x: margins(ruled.model, inputs_embeds=x), words, torch.zeros_like(words)
        )


@torch.no_grad()
def mutants(model: DnaBert2ForSequenceClassification, ids: Tensor, passes: int) -> None:
    """Outputs for so many variants of every sequence."""
    for _ in range(passes):
        margins(model, input_ids=ids)


def seconds(run: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def compare(
    run: Callable[[], object], plain: Callable[[], object], runs: int, scale: float = 1.0
) -> str:
    """Median time, and median and quartiles of the ratio to the plain pass beside it.

    `run` does one `scale`-th of the work; its times are multiplied.
    """
    pairs = [(seconds(plain), scale * seconds(run)) for _ in range(runs)]
    ratios = sorted(mine / theirs for theirs, mine in pairs)
    low, high = ratios[len(ratios) // 4], ratios[3 * len(ratios) // 4]
    middle = statistics.median(mine for _, mine in pairs)
    ratio = statistics.median(ratios)
    return f"{1e3 * middle:12.1f} ms {ratio:9.2f}  ({low:.2f} to {high:.2f})"


def main() -> None:
    """Time all and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="compact")
    parser.add_argument("--tokens", type=int, default=44)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument(
        "--passes", type=int, default=20, help="forward passes of mutagenesis timed, then scaled"
    )
    parser.add_argument("--rules-only", action="store_true", help="leave out the slow ones")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    config = DnaBert2Config(num_labels=2, **SIZES[arguments.size])
    model = DnaBert2ForSequenceClassification(config).eval()
    ids = torch.randint(5, config.vocab_size, (arguments.batch, arguments.tokens))
    half = copy.deepcopy(model).bfloat16()
    rules, constant = composite_of(model, "attnlrp"), composite_of(model, "cp_lrp")
    assert rules is not None and constant is not None

    def plain() -> Tensor:
        return relevance(GRADIENT, model, ids)

    plain()
    print(vars(arguments))
    fast = {
        "AttnLRP with ledger": lambda: relevance(rules, model, ids),
        "CP-LRP with ledger": lambda: relevance(constant, model, ids),
        "AttnLRP in bfloat16": lambda: relevance(rules, half, ids),
        "all parameter gradients": lambda: with_all_gradients(model, ids),
    }
    for name, run in fast.items():
        run()
        print(f"{name:32}{compare(run, plain, arguments.runs)}", flush=True)
    exact, rounded = relevance(rules, model, ids), relevance(rules, half, ids).float()
    ranks = [spearmanr(a, b).statistic for a, b in zip(exact, rounded, strict=True)]
    print(f"rank correlation of bfloat16 maps: median {statistics.median(ranks):.4f}")
    if arguments.rules_only:
        return
    steps = compare(lambda: path_integral(model, ids), plain, 1)
    print(f"{'Integrated Gradients, 50 steps':32}{steps}", flush=True)
    needed = int(3 * BASES_PER_TOKEN * arguments.tokens) + 1
    passes = min(needed, arguments.passes)
    mutated = compare(lambda: mutants(model, ids, passes), plain, 3, scale=needed / passes)
    print(f"{'in-silico mutagenesis':32}{mutated}  {passes} of {needed} passes timed", flush=True)


if __name__ == "__main__":
    main()
