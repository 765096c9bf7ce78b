"""Classifiers of DNA sequences and their tokenizers, as Hugging Face models.

They know nothing of explanation: ``dnalrp.attribution`` depends on this package, never the
other way round.
"""
