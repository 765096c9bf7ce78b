"""Random bases."""


def random_sequence(rng, length=40, gc=0.5):
    probabilities = [(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2]
    return "".join(rng.choice(list("ACGT"), size=length, p=probabilities))
