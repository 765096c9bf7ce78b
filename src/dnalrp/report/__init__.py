"""Figures and pages from finished tables; nothing is computed here."""
