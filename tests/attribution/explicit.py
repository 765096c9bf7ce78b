"""AttnLRP on DNABERT-2 once more: slow, explicit, one relevance formula after the other.

Relevance is handed from each operation's output to its inputs as relevance, never as a
gradient: this is the textbook that the modified gradients are held against. One sequence at a
time, no padding. Stays close to the formulas of AttnLRP (arXiv 2402.05602).
"""

import math

import torch

TINY = 1e-300


def stable(x):
    return x + TINY * torch.where(x < 0, -1.0, 1.0).to(x.dtype)


def linear(x, weight, bias, relevance):
    """Epsilon rule, epsilon to 0: R_i = sum_j x_i W_ji / y_j R_j; the bias keeps its part."""
    y = x @ weight.T + (0 if bias is None else bias)
    return x * ((relevance / stable(y)) @ weight)


def layer_norm(x, norm, relevance):
    """1/std passes relevance on; x - mean(x), a linear map, obeys the epsilon rule."""
    centred = x - x.mean(-1, keepdim=True)
    std = (x.var(-1, unbiased=False, keepdim=True) + norm.eps).sqrt()
    y = centred / std * norm.weight + (0 if norm.bias is None else norm.bias)
    at_centred = centred / std * norm.weight / stable(y) * relevance
    n = x.shape[-1]
    centring = torch.eye(n, dtype=x.dtype) - 1 / n
    return x * ((at_centred / stable(centred)) @ centring)


def attention(query, key, value, bias, relevance, alibi):
    """Relevance of q, k, v (heads, tokens, d) from that of the context."""
    z = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
    a = z + bias
    s = a.softmax(-1)
    ratio = relevance / stable(s @ value)
    at_s = 0.5 * s * (ratio @ value.transpose(-1, -2))
    at_v = 0.5 * value * (s.transpose(-1, -2) @ ratio)
    at_a = a * (at_s - s * at_s.sum(-1, keepdim=True))
    # the Taylor rule: R_i = a_i (R'_i - s_i sum R'), R' = R / 1 at the softmax output
    at_z = {"absorb": z / stable(a) * at_a, "identity": at_a, "uniform": 0.5 * at_a}[alibi]
    share = at_z / stable(z) / math.sqrt(query.shape[-1])
    at_q = 0.5 * query * (share @ key)
    at_k = 0.5 * key * (share.transpose(-1, -2) @ query)
    return at_q, at_k, at_v


def heads_of(x, heads):
    tokens, hidden = x.shape
    return x.view(tokens, heads, hidden // heads).transpose(0, 1)


def joined(x):
    return x.transpose(0, 1).reshape(x.shape[1], -1)


def constant_attention(query, key, value, bias, relevance):
    """CP-LRP: the attention weights are constants of a linear map of the values."""
    s = (query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1]) + bias).softmax(-1)
    at_v = value * (s.transpose(-1, -2) @ (relevance / stable(s @ value)))
    return torch.zeros_like(query), torch.zeros_like(key), at_v


@torch.no_grad()
def explain_one(model, input_ids, bias, alibi, constant=False):
    """Word relevance (tokens,) and the margin for one sequence of a two-class DNABERT-2.

    By AttnLRP, or with ``constant`` attention and gates by CP-LRP.
    """
    bert, heads = model.bert, model.config.num_attention_heads
    words = bert.embeddings.word_embeddings.weight[input_ids]
    summed = words + bert.embeddings.token_type_embeddings.weight[0]
    x = bert.embeddings.LayerNorm(summed)
    trace = []
    for layer in bert.encoder.layer:
        own, mlp = layer.attention, layer.mlp
        q, k, v = (heads_of(part, heads) for part in own.self.Wqkv(x).chunk(3, -1))
        z = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + bias
        context = joined(z.softmax(-1) @ v)
        dense = own.output.dense(context)
        middle = own.output.LayerNorm(dense + x)
        u, w = mlp.gated_layers(middle).chunk(2, -1)
        gelu = torch.nn.functional.gelu(u)
        out = mlp.wo(gelu * w)
        trace.append((layer, x, q, k, v, context, dense, middle, gelu * w, out))
        x = mlp.layernorm(out + middle)
    pooled_in = bert.pooler.dense(x[0])
    pooled = pooled_in.tanh()
    logits = model.classifier(pooled)
    weight = model.classifier.weight[1] - model.classifier.weight[0]
    relevance = pooled * weight  # epsilon rule at the margin; tanh passes relevance on
    first = linear(x[0], bert.pooler.dense.weight, bert.pooler.dense.bias, relevance)
    relevance = torch.zeros_like(x)
    relevance[0] = first
    for layer, x, q, k, v, context, dense, middle, gated, out in reversed(trace):
        own, mlp = layer.attention, layer.mlp
        total = out + middle
        at_total = layer_norm(total, mlp.layernorm, relevance)
        at_out = out / stable(total) * at_total
        at_middle = middle / stable(total) * at_total
        at_gated = linear(gated, mlp.wo.weight, mlp.wo.bias, at_out)
        share = 0.0 if constant else 0.5
        at_both = torch.cat([share * at_gated, (1 - share) * at_gated], -1)  # GELU passes it on
        at_middle = at_middle + linear(middle, mlp.gated_layers.weight, None, at_both)
        total = dense + x
        at_total = layer_norm(total, own.output.LayerNorm, at_middle)
        at_dense = dense / stable(total) * at_total
        at_context = linear(context, own.output.dense.weight, own.output.dense.bias, at_dense)
        at_heads = heads_of(at_context, heads)
        if constant:
            parts = constant_attention(q, k, v, bias, at_heads)
        else:
            parts = attention(q, k, v, bias, at_heads, alibi)
        at_qkv = torch.cat([joined(part) for part in parts], -1)
        relevance = x / stable(total) * at_total
        relevance = relevance + linear(x, own.self.Wqkv.weight, own.self.Wqkv.bias, at_qkv)
    at_summed = layer_norm(summed, bert.embeddings.LayerNorm, relevance)
    return (words / stable(summed) * at_summed).sum(-1), logits[1] - logits[0]
