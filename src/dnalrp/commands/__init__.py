"""The commands of ``dnalrp``, a module each: ``add`` describes its options, ``run`` does it.

They import what they need in ``run``: help and mistakes should not wait for torch.
"""
