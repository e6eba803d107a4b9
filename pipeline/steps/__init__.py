"""The steps of dvc.yaml: read files, call tested functions, write files. `heard train` runs them in one process."""
