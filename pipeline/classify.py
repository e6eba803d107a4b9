"""MessageClassifier: load a model once, decide about many messages."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Self

from pipeline import policy
from pipeline.artefact import Artefact, Manifest, load, serving_folder
from pipeline.cues import find_cues
from pipeline.domain import Decision, Flag, Message, Prediction, PreparedMessage
from pipeline.errors import UntrustedModel
from pipeline.explain import influences
from pipeline.policy import Profile, load_profile
from pipeline.preprocess import prepare
from pipeline.topics import CATEGORIES, jurisdiction_of

MODELS = Path(__file__).resolve().parents[1] / "models"
"""Where released and locally trained models are kept."""

_APART = 0.25
"""Of the complaint probability: two predictions further from each other do not agree."""


class MessageClassifier:
    """Messages -> decisions under one profile. A message's decision never depends on its neighbours."""

    def __init__(self, artefact: Artefact, profile: Profile) -> None:
        self._estimators = artefact.estimators
        self.manifest: Manifest = artefact.manifest
        self.profile = profile

    @classmethod
    def open(cls, folder: Path | None, profile: str) -> Self:
        """The model in `folder`, or the one that serves; UntrustedModel if there is none."""
        chosen = folder or serving_folder(MODELS)
        if chosen is None:
            raise UntrustedModel("No model is released or trained yet: run `heard train` first.")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(find_cues, "")  # reads the patterns while the model is unpacked: less to wait for
            return cls(load(chosen), load_profile(profile))

    def classify(self, messages: Sequence[Message], *, explain: bool = False) -> list[Decision]:
        """One decision a message, in order. To `explain` costs time, and nothing where a cue already says why."""
        if not messages:
            return []
        prepared = [prepare(message) for message in messages]
        predictions = self.predict(prepared)
        prepared = self._compared(prepared, predictions)
        decisions = [self._decide(*row) for row in zip(messages, prepared, predictions, strict=True)]
        return [self._explained(*row) for row in zip(decisions, prepared, strict=True)] if explain else decisions

    def predict(self, prepared: Sequence[PreparedMessage]) -> list[Prediction]:
        """Calibrated probabilities and topic a prepared message."""
        probabilities = self._estimators.probabilities(list(prepared))
        topics = self._estimators.topics(prepared)
        return [
            Prediction(complaint=float(row[0]), service_request=float(row[1]), other=float(row[2]), topic=str(topic))
            for row, topic in zip(probabilities, topics, strict=True)
        ]

    def _compared(
        self, prepared: Sequence[PreparedMessage], predictions: Sequence[Prediction]
    ) -> list[PreparedMessage]:
        """Flagged where the model would decide otherwise about the letters in which a message came (S54)."""
        doubtful = [place for place, each in enumerate(prepared) if each.as_written]
        again = self.predict([_in_its_letters(prepared[place]) for place in doubtful]) if doubtful else []
        flagged = {place for place, other in zip(doubtful, again, strict=True) if not _agree(predictions[place], other)}
        return [
            replace(each, flags=(*each.flags, Flag.DISGUISED)) if place in flagged else each
            for place, each in enumerate(prepared)
        ]

    def _explained(self, decision: Decision, prepared: PreparedMessage) -> Decision:
        """With the words that moved the model, where an officer will see the message and no cue shows why."""
        if decision.route not in policy.SEEN or policy.speaks(decision.cues):
            return decision
        return replace(decision, words=influences(self._estimators, prepared))

    def _decide(self, message: Message, prepared: PreparedMessage, prediction: Prediction) -> Decision:
        thresholds = self.manifest.thresholds_for(message.channel)
        routing = policy.route(
            prediction=prediction,
            cues=prepared.cues,
            channel=message.channel,
            kind=message.kind,
            prior_contacts=message.prior_contacts,
            profile=self.profile,
            thresholds=thresholds,
            windowed=prepared.windowed,
            flags=prepared.flags,
            language=prepared.language,
        )
        return Decision(
            message_id=message.id,
            source=message.source,
            channel=message.channel,
            label=prediction.label,
            prediction=prediction,
            route=routing.route,
            reasons=routing.reasons,
            cues=prepared.cues,
            provisions={cue.kind: self.profile.provisions[cue.kind] for cue in prepared.cues},
            flags=policy.flags_of(prepared.cues, message.kind, windowed=prepared.windowed, noted=prepared.flags),
            category=CATEGORIES[prediction.topic],
            jurisdiction=jurisdiction_of(prediction.topic),
            profile=self.profile.name,
            profile_version=self.profile.version,
            model_version=self.manifest.version,
            model_sha256=self.manifest.model_sha256,
            thresholds=thresholds,
            subject=prepared.subject,
            text=prepared.text,
        )


def _in_its_letters(prepared: PreparedMessage) -> PreparedMessage:
    return replace(prepared, text=prepared.as_written, cues=find_cues(prepared.as_written))


def _agree(one: Prediction, other: Prediction) -> bool:
    return one.label is other.label and abs(one.complaint - other.complaint) < _APART
