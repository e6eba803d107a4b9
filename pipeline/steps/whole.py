"""All steps in one process, in the order of dvc.yaml."""

from collections.abc import Callable

from pipeline.steps import calibrate, evaluate, prepare, register, train
from pipeline.steps.places import Places


def train_and_register(places: Places, say: Callable[[str], None]) -> None:
    """From the corpus to a model that serves locally, saying what goes on."""
    for what, step in (
        ("reading the corpus", prepare.run),
        ("learning", train.run),
        ("choosing thresholds", calibrate.run),
        ("judging on the frozen test", evaluate.run),
    ):
        say(f"heard train: {what} ...")
        step(places)
    say("heard train: keeping the model and its record ...")
    say(f"heard train: model {register.run(places)} serves now.")
