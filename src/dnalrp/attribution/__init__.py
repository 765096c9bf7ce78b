"""Explanations: relevance of every token, by gradients under tables of rules."""
