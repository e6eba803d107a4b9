"""The fast model, and the encoder where there is one -> the estimators of one model."""

import joblib

from pipeline.params import load_params
from pipeline.steps.places import Places
from pipeline.steps.train import held_out
from pipeline.training import put_together


def run(places: Places, *, encoder: bool = True) -> None:
    """Put the two together on the authors that neither learned from; without `encoder` the fast model stands alone."""
    fast = joblib.load(places.fast)
    if encoder:
        fast = put_together(fast, joblib.load(places.encoder), held_out(places), load_params(places.params).model)
    joblib.dump(fast, places.estimators)
