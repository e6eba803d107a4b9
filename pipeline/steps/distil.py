"""Training rows and soft labels -> the encoder that serves: fewer layers, fewer word pieces, int8. Needs `encoder`."""

import joblib

from pipeline.encoder.export import exported
from pipeline.encoder.lessons import everyday, lessons_of
from pipeline.encoder.network import Network, encoder_place, tokenizer_of
from pipeline.encoder.soft_labels import read_soft_labels
from pipeline.encoder.tuning import Schedule, fine_tune
from pipeline.params import load_params
from pipeline.steps.places import Places
from pipeline.steps.train import learned


def run(places: Places) -> None:
    """The student goes the teacher's way: all that may be learned from, then the everyday part."""
    params = load_params(places.params).encoder
    place = encoder_place(params.student, places.encoders)
    tokenizer, network = tokenizer_of(place), Network.pretrained(place, layers=params.layers)
    soft, examples = read_soft_labels(places.soft_labels), learned(places)
    first = Schedule.of(params, epochs=1, learning_rate=params.learning_rate)
    fine_tune(network, tokenizer, lessons_of(examples, params, soft), first, what="Student, all")
    last = Schedule.of(params, epochs=params.student_epochs, learning_rate=params.everyday_rate)
    fine_tune(network, tokenizer, lessons_of(everyday(examples), params, soft), last, what="Student, everyday")
    texts = [message.text for _, message in examples]
    joblib.dump(exported(network, tokenizer, texts, pieces=params.pieces), places.encoder)
