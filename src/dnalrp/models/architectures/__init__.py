"""The architectures, a file each: its settings, and everything else the package knows of it."""
