"""Explanations: relevance of every token, by gradients under composites of rules."""
