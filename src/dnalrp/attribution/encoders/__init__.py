"""Rules for the modules of encoders, a file an architecture."""
