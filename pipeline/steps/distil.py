"""Training rows and soft labels -> a student with fewer layers. Needs the extra `encoder`, but no teacher."""

from pipeline.encode import Encoder
from pipeline.encoder.export import exported
from pipeline.encoder.lessons import everyday, lessons_of
from pipeline.encoder.network import Network, encoder_place, tokenizer_of
from pipeline.encoder.soft_labels import read_soft_labels
from pipeline.encoder.tuning import Schedule, fine_tune
from pipeline.params import EncoderParams
from pipeline.steps.places import Places
from pipeline.steps.train import learned


def distilled(places: Places, params: EncoderParams) -> Encoder:
    """The student goes the teacher's way: all that may be learned from, then the everyday part."""
    place = encoder_place(params.student, places.encoders)
    tokenizer, network = tokenizer_of(place), Network.pretrained(place, seed=params.seed, layers=params.layers)
    soft, examples = read_soft_labels(places.soft_labels), learned(places)
    first = Schedule.of(params, epochs=1, learning_rate=params.learning_rate)
    fine_tune(network, tokenizer, lessons_of(examples, params, soft), first, what="Student, all")
    last = Schedule.of(params, epochs=params.student_epochs, learning_rate=params.everyday_rate)
    fine_tune(network, tokenizer, lessons_of(everyday(examples), params, soft), last, what="Student, everyday")
    texts = [message.text for _, message in examples]
    return exported(network, tokenizer, texts, pieces=params.pieces)
