"""Cost of AttnLRP as a multiple of a plain forward pass and gradient at the embeddings.

Both on the same model and input, in one process, in turn; parameters frozen in both; the plain
pass uses torch's own fused attention and autograd. Prints the median time of each and the
median of the ratios of neighbouring runs.

    python benchmarks/attnlrp.py [--size compact|full] [--tokens 44] [--batch 64] [--threads 2]
"""

import argparse
import statistics
import time

import torch

from dnalrp.attribution.tables import GRADIENT, RuleTable, attnlrp
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


def explain_seconds(
    table: RuleTable, model: DnaBert2ForSequenceClassification, ids: torch.Tensor
) -> float:
    """Seconds for one relevance map of a batch under a table."""
    start = time.perf_counter()
    with table.on(model) as ruled:
        words = model.get_input_embeddings()(ids).detach().requires_grad_()
        logits = ruled.model(inputs_embeds=words).logits
        (gradient,) = torch.autograd.grad((logits[:, 1] - logits[:, 0]).sum(), words)
        (words.detach() * gradient).sum(dim=-1)
    return time.perf_counter() - start


def main() -> None:
    """Time both in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="compact")
    parser.add_argument("--tokens", type=int, default=44)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=30)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    config = DnaBert2Config(num_labels=2, **SIZES[arguments.size])
    model = DnaBert2ForSequenceClassification(config).eval()
    ids = torch.randint(5, config.vocab_size, (arguments.batch, arguments.tokens))
    rules = attnlrp("absorb")
    for table in (GRADIENT, rules):
        explain_seconds(table, model, ids)
    plain, ours = [], []
    for _ in range(arguments.runs):
        plain.append(explain_seconds(GRADIENT, model, ids))
        ours.append(explain_seconds(rules, model, ids))
    ratios = sorted(b / a for a, b in zip(plain, ours, strict=True))
    print(f"{vars(arguments)}")
    print(f"forward and gradient  {1e3 * statistics.median(plain):8.1f} ms")
    print(f"AttnLRP with ledger   {1e3 * statistics.median(ours):8.1f} ms")
    middle = statistics.median(ratios)
    low, high = ratios[len(ratios) // 4], ratios[3 * len(ratios) // 4]
    print(f"ratio                 {middle:8.2f}    (quartiles {low:.2f} to {high:.2f})")


if __name__ == "__main__":
    main()
