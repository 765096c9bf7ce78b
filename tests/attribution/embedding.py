"""Sequences as words of a model, and what a method leaves on it."""

from dnalrp.models.prediction import margin, padded_batch


def embedded(model, sequences):
    """Padded ids and words of sequences, and the closure that the gradient methods take."""
    batch = padded_batch(model, model.tokenizer(list(sequences))["input_ids"])
    words = model.get_input_embeddings()(batch["input_ids"]).detach().to(model.dtype)

    def outputs(words):
        return margin(model(inputs_embeds=words, attention_mask=batch["attention_mask"]).logits, 1)

    return batch, words, outputs


def state(model):
    hooks = [
        len(group)
        for module in model.modules()
        for group in (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks)
    ]
    parameters = [(p.requires_grad, p.grad is None) for p in model.parameters()]
    return hooks, parameters, model.training, [sorted(m.__dict__) for m in model.modules()]


def renamed(batch):
    return {"input_ids": batch["input_ids"], "mask": batch["attention_mask"]}
