"""BERT, ESM and ModernBERT once more: slow, explicit, one relevance formula after the other.

As in explicit.py relevance is handed on as relevance, never as a gradient; one sequence at a time,
no padding, float64. What an operation keeps is what goes in and does not come out.
"""

import math
from collections import defaultdict
from typing import NamedTuple

import torch
from explicit import attention, constant_attention, heads_of, joined, layer_norm, linear, stable
from torch.nn.functional import gelu

MASKED = -1e300


class Explained(NamedTuple):
    relevance: torch.Tensor
    output: torch.Tensor
    kept: dict


class Kept(defaultdict):
    """Relevance by ledger term: what an operation was given minus what it passed on."""

    def __init__(self):
        super().__init__(float)

    def through(self, term, given, *passed):
        self[term] += (given.sum() - sum(part.sum() for part in passed)).item()
        return passed[0] if len(passed) == 1 else passed

    def linear(self, x, layer, relevance):
        passed = linear(x, layer.weight, layer.bias, relevance)
        return self.through("linear_bias", relevance, passed)

    def norm(self, x, layer, relevance):
        return self.through("layernorm_bias", relevance, layer_norm(x, layer, relevance))

    def attention(self, q, k, v, bias, relevance, constant):
        if constant:
            parts = constant_attention(q, k, v, bias, relevance)
        else:
            parts = attention(q, k, v, bias, relevance, "absorb")
        return self.through("softmax", relevance, *parts)


def shares(x, residual, relevance):
    """A sum's relevance, in proportion to its two terms."""
    total = stable(x + residual)
    return x / total * relevance, residual / total * relevance


def margin_of(classifier, features, kept):
    """Relevance of the classifier's input, and the margin that it comes from."""
    weight = classifier.weight[1] - classifier.weight[0]
    bias = classifier.bias[1] - classifier.bias[0]
    kept["linear_bias"] += bias.item()
    return features * weight, features @ weight + bias


def attended(q, k, v, bias):
    return joined((q @ k.mT / math.sqrt(q.shape[-1]) + bias).softmax(-1) @ v)


def rotations(cosine, sine):
    """One rotation matrix a token, (tokens, d, d), from the model's own angles."""
    half = cosine.shape[-1] // 2
    c, s = torch.diag_embed(cosine[..., :half]), torch.diag_embed(sine[..., :half])
    return torch.cat([torch.cat([c, -s], -1), torch.cat([s, c], -1)], -2).double()


def rotated(x, matrices):
    return torch.einsum("tij,htj->hti", matrices, x)


def unrotated(x, matrices, relevance):
    """Epsilon rule on the rotation of x (heads, tokens, d), a linear map without bias."""
    share = relevance / stable(rotated(x, matrices))
    return x * torch.einsum("tij,hti->htj", matrices, share)


def gated_silu(x):
    u, w = x.chunk(2, -1)
    return u * torch.sigmoid(u) * w


def identity(tokens, width):
    return torch.eye(width, dtype=torch.float64).expand(tokens, width, width)


@torch.no_grad()
def explain_bert(model, ids, constant=False):
    bert, heads, kept = model.bert, model.config.num_attention_heads, Kept()
    places = bert.embeddings
    words = places.word_embeddings.weight[ids]
    positions = places.position_embeddings.weight[: len(ids)]
    summed = words + places.token_type_embeddings.weight[0] + positions
    x, trace = places.LayerNorm(summed), []
    for layer in bert.encoder.layer:
        own = layer.attention.self
        q, k, v = (heads_of(part(x), heads) for part in (own.query, own.key, own.value))
        context = attended(q, k, v, 0)
        dense = layer.attention.output.dense(context)
        middle = layer.attention.output.LayerNorm(dense + x)
        u = layer.intermediate.dense(middle)
        out = layer.output.dense(gelu(u))
        trace.append((layer, x, q, k, v, context, dense, middle, u, out))
        x = layer.output.LayerNorm(out + middle)
    relevance, output = margin_of(model.classifier, bert.pooler.dense(x[0]).tanh(), kept)
    first = kept.linear(x[0], bert.pooler.dense, relevance)
    relevance = torch.zeros_like(x)
    relevance[0] = first
    bias = torch.zeros(1, 1, 1, dtype=x.dtype)
    for layer, x, q, k, v, context, dense, middle, u, out in reversed(trace):
        own, result = layer.attention, layer.output
        at_total = kept.norm(out + middle, result.LayerNorm, relevance)
        at_out, at_middle = shares(out, middle, at_total)
        at_u = kept.linear(gelu(u), result.dense, at_out)
        at_middle = at_middle + kept.linear(middle, layer.intermediate.dense, at_u)
        at_total = kept.norm(dense + x, own.output.LayerNorm, at_middle)
        at_dense, relevance = shares(dense, x, at_total)
        at_context = kept.linear(context, own.output.dense, at_dense)
        parts = kept.attention(q, k, v, bias, heads_of(at_context, heads), constant)
        for part, source in zip(parts, (own.self.query, own.self.key, own.self.value), strict=True):
            relevance = relevance + kept.linear(x, source, joined(part))
    at_summed = kept.norm(summed, places.LayerNorm, relevance) / stable(summed)
    kept["position"] = (positions * at_summed).sum().item()
    kept["token_type"] = (places.token_type_embeddings.weight[0] * at_summed).sum().item()
    return Explained((words * at_summed).sum(-1), output, kept)


@torch.no_grad()
def explain_esm(model, ids, constant=False):
    esm, config, kept = model.esm, model.config, Kept()
    heads, places, tokens = config.num_attention_heads, esm.embeddings, len(ids)
    gated = getattr(config, "add_bias_fnn", True) is False  # Nucleotide Transformer v2
    words = places.word_embeddings.weight[ids]
    if config.token_dropout:  # no token is masked: only the scale of training is left
        words = words * (1 - 0.15 * 0.8)
    summed, matrices = words, identity(tokens, config.hidden_size // heads)
    if config.position_embedding_type == "absolute":
        first = config.pad_token_id + 1
        positions = places.position_embeddings.weight[first : first + tokens]
        summed = words + positions
    else:
        cosine, sine = esm.rotary_embeddings(words, torch.arange(tokens)[None])
        matrices = rotations(cosine[0], sine[0])
    x = summed if places.layer_norm is None else places.layer_norm(summed)
    trace = []
    for layer in esm.encoder.layer:
        own = layer.attention.self
        normed = layer.attention.LayerNorm(x)
        q, k, v = (heads_of(part(normed), heads) for part in (own.query, own.key, own.value))
        context = attended(rotated(q, matrices), rotated(k, matrices), v, 0)
        dense = layer.attention.output.dense(context)
        middle = dense + x
        normed_middle = layer.LayerNorm(middle)
        u = layer.intermediate.dense(normed_middle)
        activated = gated_silu(u) if gated else gelu(u)
        out = layer.output.dense(activated)
        steps = (layer, x, normed, q, k, v, context, dense, middle, normed_middle, activated, out)
        trace.append(steps)
        x = out + middle
    final = esm.encoder.emb_layer_norm_after(x)
    head = model.classifier
    relevance, output = margin_of(head.out_proj, head.dense(final[0]).tanh(), kept)
    at_final = torch.zeros_like(x)
    at_final[0] = kept.linear(final[0], head.dense, relevance)
    relevance = kept.norm(x, esm.encoder.emb_layer_norm_after, at_final)
    bias = torch.zeros(1, 1, 1, dtype=x.dtype)
    for layer, *steps in reversed(trace):
        x, normed, q, k, v, context, dense, middle, normed_middle, activated, out = steps
        own = layer.attention
        at_out, at_middle = shares(out, middle, relevance)
        at_u = kept.linear(activated, layer.output.dense, at_out)
        if gated:
            share = 0.0 if constant else 0.5
            at_u = torch.cat([share * at_u, (1 - share) * at_u], -1)
        at_normed = kept.linear(normed_middle, layer.intermediate.dense, at_u)
        at_middle = at_middle + kept.norm(middle, layer.LayerNorm, at_normed)
        at_dense, relevance = shares(dense, x, at_middle)
        at_heads = heads_of(kept.linear(context, own.output.dense, at_dense), heads)
        turned = rotated(q, matrices), rotated(k, matrices)
        at_q, at_k, at_v = kept.attention(*turned, v, bias, at_heads, constant)
        parts = (unrotated(q, matrices, at_q), unrotated(k, matrices, at_k), at_v)
        at_normed = torch.zeros_like(x)
        for part, source in zip(parts, (own.self.query, own.self.key, own.self.value), strict=True):
            at_normed = at_normed + kept.linear(normed, source, joined(part))
        relevance = relevance + kept.norm(x, own.LayerNorm, at_normed)
    if places.layer_norm is not None:
        relevance = kept.norm(summed, places.layer_norm, relevance)
    if config.position_embedding_type == "absolute":
        relevance, at_positions = shares(words, positions, relevance)
        kept["position"] = at_positions.sum().item()
    return Explained(relevance.sum(-1), output, kept)


@torch.no_grad()
def explain_modernbert(model, ids, constant=False):
    encoder, config, kept = model.model, model.config, Kept()
    heads, tokens = config.num_attention_heads, len(ids)
    words = encoder.embeddings.tok_embeddings.weight[ids]
    distance = (torch.arange(tokens)[:, None] - torch.arange(tokens)).abs()
    window = config.local_attention // 2
    near = torch.zeros(tokens, tokens, dtype=words.dtype).masked_fill(distance > window, MASKED)
    masks = {"full_attention": torch.zeros_like(near), "sliding_attention": near}
    x, trace = encoder.embeddings.norm(words), []
    for layer, kind in zip(encoder.layers, config.layer_types, strict=True):
        cosine, sine = encoder.rotary_emb(x, torch.arange(tokens)[None], kind)
        matrices, bias = rotations(cosine[0], sine[0]), masks[kind]
        normed = layer.attn_norm(x)
        q, k, v = (heads_of(part, heads) for part in layer.attn.Wqkv(normed).chunk(3, -1))
        context = attended(rotated(q, matrices), rotated(k, matrices), v, bias)
        out = layer.attn.Wo(context)
        middle = x + out
        normed_middle = layer.mlp_norm(middle)
        u, w = layer.mlp.Wi(normed_middle).chunk(2, -1)
        result = layer.mlp.Wo(gelu(u) * w)
        attention_part = (x, normed, q, k, v, matrices, bias, context, out)
        trace.append((layer, *attention_part, middle, normed_middle, u, w, result))
        x = middle + result
    final = encoder.final_norm(x)
    weights = torch.eye(tokens, dtype=x.dtype)[0]
    if config.classifier_pooling == "mean":
        weights = torch.full_like(weights, 1 / tokens)
    pooled = weights @ final
    u = model.head.dense(pooled)
    relevance, output = margin_of(model.classifier, model.head.norm(gelu(u)), kept)
    at_u = kept.norm(gelu(u), model.head.norm, relevance)
    at_pooled = kept.linear(pooled, model.head.dense, at_u)
    at_final = weights[:, None] * final / stable(pooled) * at_pooled
    relevance = kept.norm(x, encoder.final_norm, at_final)
    for layer, *steps in reversed(trace):
        x, normed, q, k, v, matrices, bias, context, out, *steps = steps
        middle, normed_middle, u, w, result = steps
        at_middle, at_result = shares(middle, result, relevance)
        at_gated = kept.linear(gelu(u) * w, layer.mlp.Wo, at_result)
        share = 0.0 if constant else 0.5
        at_both = torch.cat([share * at_gated, (1 - share) * at_gated], -1)
        at_normed = kept.linear(normed_middle, layer.mlp.Wi, at_both)
        at_middle = at_middle + kept.norm(middle, layer.mlp_norm, at_normed)
        relevance, at_out = shares(x, out, at_middle)
        at_heads = heads_of(kept.linear(context, layer.attn.Wo, at_out), heads)
        turned = rotated(q, matrices), rotated(k, matrices)
        at_q, at_k, at_v = kept.attention(*turned, v, bias, at_heads, constant)
        parts = (unrotated(q, matrices, at_q), unrotated(k, matrices, at_k), at_v)
        at_qkv = torch.cat([joined(part) for part in parts], -1)
        at_normed = kept.linear(normed, layer.attn.Wqkv, at_qkv)
        if isinstance(layer.attn_norm, torch.nn.LayerNorm):
            at_normed = kept.norm(x, layer.attn_norm, at_normed)
        relevance = relevance + at_normed
    relevance = kept.norm(words, encoder.embeddings.norm, relevance)
    return Explained(relevance.sum(-1), output, kept)


EXPLAIN = {"bert": explain_bert, "esm": explain_esm, "modernbert": explain_modernbert}
