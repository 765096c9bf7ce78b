"""LRP on the CNN once more: slow, explicit, one output of one layer after the other.

Relevance is handed from each output to its inputs as relevance, never as a gradient, and rules
look at contributions x_i w_ij, never at weights alone. One sequence at a time, no padding. Stays
close to the formulas of Bach et al. 2015 and Montavon et al. 2019.
"""

import torch

from dnalrp.attribution.convolution import AlphaBeta, Epsilon, Gamma


def shares(rule, parts, bias):
    """Share of an output's relevance that each of its contributions ``parts`` gets."""
    y = parts.sum() + bias
    if isinstance(rule, Epsilon):
        return parts / (y + rule.epsilon * torch.sign(y))
    if isinstance(rule, Gamma):
        favoured = (lambda z: z.clamp(min=0)) if y > 0 else (lambda z: z.clamp(max=0))
        numerators = parts + rule.gamma * favoured(parts)
        return numerators / (numerators.sum() + bias + rule.gamma * favoured(bias))
    assert isinstance(rule, AlphaBeta)
    speak_for, speak_against = parts.clamp(min=0), parts.clamp(max=0)
    total_for = speak_for.sum() + bias.clamp(min=0)
    total_against = speak_against.sum() + bias.clamp(max=0)
    if total_against == 0:
        return speak_for / total_for
    if total_for == 0:
        return speak_against / total_against
    return rule.alpha * speak_for / total_for - rule.beta * speak_against / total_against


def padded(x, size):
    return torch.nn.functional.pad(x, ((size - 1) // 2, size // 2))


def convolve(x, layer):
    filters, _, size = layer.weight.shape
    y = torch.zeros(filters, x.shape[1], dtype=x.dtype)
    for j in range(filters):
        for t in range(x.shape[1]):
            window = padded(x, size)[:, t : t + size]
            y[j, t] = (window * layer.weight[j]).sum() + layer.bias[j]
    return y


def through_convolution(rule, x, layer, relevance):
    size = layer.weight.shape[2]
    result = torch.zeros_like(padded(x, size))
    for j, t in relevance.nonzero().tolist():
        parts = padded(x, size)[:, t : t + size] * layer.weight[j]
        result[:, t : t + size] += shares(rule, parts, layer.bias[j]) * relevance[j, t]
    return result[:, (size - 1) // 2 :][:, : x.shape[1]]


def through_linear(rule, x, layer, relevance):
    result = torch.zeros_like(x)
    for j in relevance.nonzero().flatten().tolist():
        result += shares(rule, x * layer.weight[j], layer.bias[j]) * relevance[j]
    return result


def pool(x, size):
    return torch.stack([part.amax(dim=1) for part in x.split(size, dim=1)], dim=1)


def through_pool(x, size, relevance):
    """All of an output's relevance to its largest input."""
    result = torch.zeros_like(x)
    for c, t in relevance.nonzero().tolist():
        first = t * size
        result[c, first + int(x[c, first : first + size].argmax())] += relevance[c, t]
    return result


@torch.no_grad()
def explain_one(model, sequence, rules):
    """Relevance of every nucleotide (length,), and the margin, of a CNN of two classes.

    ``rules``: one by name of each layer.
    """
    size = model.config.pool_size
    x = torch.stack([torch.tensor([float(n == own) for n in sequence]) for own in "ACGT"]).double()
    first = convolve(x, model.first.convolution).relu()
    middle = pool(first, size)
    second = convolve(middle, model.second.convolution).relu()
    last = pool(second, size)
    features = last.amax(dim=1)
    hidden = model.dense(features).relu()
    z = model.classifier(hidden)
    at_logits = torch.stack([-z[0], z[1]])
    at_hidden = through_linear(rules["classifier"], hidden, model.classifier, at_logits)
    at_features = through_linear(rules["dense"], features, model.dense, at_hidden)
    at_last = through_pool(last, last.shape[1], at_features[:, None])
    at_second = through_pool(second, size, at_last)
    name = "second.convolution"
    at_middle = through_convolution(rules[name], middle, model.second.convolution, at_second)
    at_first = through_pool(first, size, at_middle)
    name = "first.convolution"
    at_input = through_convolution(rules[name], x, model.first.convolution, at_first)
    return at_input.sum(dim=0), z[1] - z[0]
