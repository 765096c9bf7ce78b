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
        raise InputError("gpu: torch finds no CUDA device here; set gpu: false, or --device cpu")
    return torch.device("cuda" if gpu else "cpu")


def check_precision(precision: str, device: torch.device) -> None:
    """Refuse a precision that the device cannot train in.

    Raises
    ------
    InputError
        ``float16`` without a CUDA device, or ``bfloat16`` on one that has no such arithmetic.
    """
    if precision == "float16" and device.type != "cuda":
        raise InputError(
            f"precision float16 needs a CUDA device, this is {device}; "
            "set gpu: true, or choose float32 or bfloat16"
        )
    if precision != "bfloat16" or device.type != "cuda":
        return
    if not torch.cuda.is_bf16_supported(including_emulation=False):
        raise InputError(
            f"precision bfloat16 is not in {torch.cuda.get_device_name(device)}; "
            "choose float32 or float16"
        )
