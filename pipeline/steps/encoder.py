"""The encoder that serves: that of the released model, the teacher, or a student distilled from the teacher."""

from collections.abc import Callable
from importlib.util import find_spec

import joblib

from pipeline.artefact import load, serving_folder
from pipeline.encode import Encoder
from pipeline.errors import SettingsError
from pipeline.params import EncoderParams, load_params
from pipeline.steps.places import Places


def run(places: Places) -> None:
    """Write the encoder that `encoder.serves` names. All but `released` need the extra `encoder`."""
    params = load_params(places.params).encoder
    if params.serves not in _SOURCES:
        raise SettingsError(f"{places.params}: 'encoder.serves' must be one of {', '.join(_SOURCES)}.")
    joblib.dump(_SOURCES[params.serves](places, params), places.encoder)


def need_torch() -> None:
    """SettingsError where the extra `encoder` is not installed."""
    if not all(map(find_spec, ("torch", "transformers", "onnx"))):
        raise SettingsError("This needs the extra `encoder`: pip install 'heard[encoder]' (torch, transformers, onnx).")


def _released(places: Places, _: EncoderParams) -> Encoder:
    folder = serving_folder(places.released)
    found = load(folder).estimators.encoder if folder else None
    if found is None:
        raise SettingsError(f"{places.released} holds no model with an encoder: run `heard teach` first.")
    return found


def _teacher(places: Places, params: EncoderParams) -> Encoder:
    need_torch()
    from pipeline.steps.teach import served  # noqa: PLC0415  # torch comes with the extra `encoder` only

    return served(places, params)


def _student(places: Places, params: EncoderParams) -> Encoder:
    need_torch()
    from pipeline.steps.distil import distilled  # noqa: PLC0415  # as above

    return distilled(places, params)


_SOURCES: dict[str, Callable[[Places, EncoderParams], Encoder]] = {
    "released": _released,
    "teacher": _teacher,
    "student": _student,
}
