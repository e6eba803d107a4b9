"""`python -m pipeline.steps STEP`: one step of dvc.yaml, in the folder that holds params.yaml."""

import sys
from importlib import import_module
from pathlib import Path

from pipeline.steps.places import Places

STEPS = ("prepare", "train", "encoder", "combine", "calibrate", "evaluate", "register")

if __name__ == "__main__":
    name = STEPS[STEPS.index(sys.argv[1])]
    import_module(f"pipeline.steps.{name}").run(Places(root=Path.cwd()))
