"""Cost of LXT 2.1's AttnLRP recipe for BERT, to set beside ``benchmarks/attnlrp.py``.

LXT does not import under transformers 5, so this script needs an environment of its own and
imports nothing of dnalrp:

    python -m venv lxt && lxt/bin/pip install torch lxt==2.1 'transformers<5'
    lxt/bin/python benchmarks/lxt_bert.py --threads 1 [--tokens 64] [--batch 4] [--runs 7]

Against a forward pass and input gradient of the same BERT-base (random weights, parameters
frozen, fused attention), before LXT patches the classes of the process, which cannot be undone:
so the two are timed one after the other, not in turn.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from lxt.efficient import monkey_patch
from transformers import BertConfig
from transformers.models.bert import modeling_bert


def frozen_bert(attention: str) -> torch.nn.Module:
    """BERT-base with random weights, two classes, no parameter gradients."""
    torch.manual_seed(0)
    config = BertConfig(num_labels=2, attn_implementation=attention)
    return modeling_bert.BertForSequenceClassification(config).eval().requires_grad_(False)


def relevance(model: torch.nn.Module, ids: torch.Tensor) -> torch.Tensor:
    """Input times gradient of the margin, (batch, tokens)."""
    words = model.get_input_embeddings()(ids).detach().requires_grad_()
    logits = model(inputs_embeds=words).logits
    (gradient,) = torch.autograd.grad((logits[:, 1] - logits[:, 0]).sum(), words)
    return (words * gradient).sum(dim=-1)


def median_seconds(run: Callable[[], object], runs: int) -> float:
    """Median wall time of a call, after one to warm up."""
    run()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Time both and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    ids = torch.randint(5, 30_000, (arguments.batch, arguments.tokens))
    model = frozen_bert("sdpa")
    plain = median_seconds(lambda: relevance(model, ids), arguments.runs)
    monkey_patch(modeling_bert)
    ruled = frozen_bert("eager")
    patched = median_seconds(lambda: relevance(ruled, ids), arguments.runs)
    print(vars(arguments))
    print(f"plain pass {1e3 * plain:9.1f} ms")
    print(f"LXT        {1e3 * patched:9.1f} ms  {patched / plain:.2f}")


if __name__ == "__main__":
    main()
