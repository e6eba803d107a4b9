"""All steps in one process, in the order of dvc.yaml."""

from collections.abc import Callable
from functools import partial

from pipeline.steps import calibrate, combine, evaluate, prepare, register, train
from pipeline.steps import encoder as encoder_step
from pipeline.steps.places import Places


def train_and_register(places: Places, say: Callable[[str], None], *, encoder: bool) -> None:
    """From the corpus to a model that serves locally, saying what goes on. With `encoder` it is the larger one."""
    for what, step in (
        ("reading the corpus", prepare.run),
        ("learning", train.run),
        *((("fetching or training the encoder", encoder_step.run),) if encoder else ()),
        ("putting the model together", partial(combine.run, encoder=encoder)),
        ("choosing thresholds", calibrate.run),
        ("judging on the frozen test", evaluate.run),
    ):
        say(f"heard train: {what} ...")
        step(places)
    say("heard train: keeping the model and its record ...")
    say(f"heard train: model {register.run(places)} serves now.")
