"""The stages of a run, a function each: paths and typed settings in, files out.

The scripts of the rules call them, and so do the commands and a notebook. Each writes, beside or
in its files, what made them.
"""
