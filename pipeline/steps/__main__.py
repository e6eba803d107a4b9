"""`python -m pipeline.steps STEP`: one step of dvc.yaml, in the folder that holds params.yaml."""

import sys
from pathlib import Path

from pipeline.steps import calibrate, evaluate, prepare, register, train
from pipeline.steps.places import Places

STEPS = {
    "prepare": prepare.run,
    "train": train.run,
    "calibrate": calibrate.run,
    "evaluate": evaluate.run,
    "register": register.run,
}

if __name__ == "__main__":
    STEPS[sys.argv[1]](Places(root=Path.cwd()))
