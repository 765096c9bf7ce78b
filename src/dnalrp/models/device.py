"""Where models compute."""

import torch

from dnalrp.errors import InputError


def compute_device(gpu: bool) -> torch.device:
    """The CUDA device if ``gpu``, else the CPU.

    Raises
    ------
    InputError
        A GPU is asked for and torch finds none.
    """
    if gpu and not torch.cuda.is_available():
        raise InputError("gpu: true, but torch finds no CUDA device here; set gpu: false")
    return torch.device("cuda" if gpu else "cpu")
