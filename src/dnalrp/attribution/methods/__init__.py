"""Methods, a file each; :mod:`dnalrp.attribution.catalogue` says what each is and promises."""
