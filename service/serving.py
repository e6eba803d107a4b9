"""The model that serves: watched while it answers, exchanged without a restart, and never a reason to lose a message.

Where it hangs, raises, answers nonsense or is missing, a message is decided as undetermined and goes to a person (P11).
Each decision is made by one whole model: the one that served when it was asked for (P26).
"""

import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from pipeline.classify import MessageClassifier
from pipeline.domain import Decision, Message, PreparedMessage
from pipeline.errors import HeardError, UntrustedModel
from pipeline.policy import Profile, load_profile
from pipeline.preprocess import prepare
from pipeline.undetermined import NO_MODEL, undetermined
from service.batching import LARGEST, Batcher, Closed, NoAnswer, TookTooLong, Work
from service.models import Models

LOOK_EVERY = 5.0
"""Seconds between looks at which model should serve; a promotion is taken up well within a minute (P26)."""
_TRY_AGAIN = 30.0
"""Seconds until a model that could not be loaded is tried again."""
_NONE = "No model is released or trained yet: run `heard train`."
_CLOSE = 1e-6
_log = structlog.get_logger()


class ModelUnavailable(HeardError):
    """The model gives no answer, and who asked wants nothing else."""


class Decides(Protocol):
    """Whoever decides about messages under a profile."""

    profile: Profile

    def classify(self, messages: Sequence[Message], *, explain: bool = False) -> Sequence[Decision]:
        """One decision a message, in order."""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """One whole model at work."""

    folder: Path
    classifier: MessageClassifier
    batcher: Batcher[Decision]


class Serving:
    """Messages -> decisions, whatever becomes of the model. Its `classify` never raises because of one.

    With `fixed` a folder is served whatever is promoted. `patience` is how many seconds a message waits for its answer.
    """

    def __init__(self, models: Models, *, profile: str, fixed: Path | None = None, patience: float = 30) -> None:
        self.profile: Profile = load_profile(profile)
        self.models = models
        self.fixed = fixed
        self._patience = patience
        self._loaded: Loaded | None = None
        self._fault = _NONE
        self._said = ""
        self._switching = threading.Lock()
        self._stop = threading.Event()
        self._preparing = Batcher[PreparedMessage](lambda messages, _: [*map(prepare, messages)], patience=patience)
        self.refresh()

    @property
    def model_version(self) -> str:
        """The version that serves now; `none` without one."""
        loaded = self._loaded
        return loaded.classifier.manifest.version if loaded else NO_MODEL

    @property
    def problem(self) -> str:
        """Why messages go to a person unread by a model, or why the promoted one is not the one that serves."""
        loaded = self._loaded
        if loaded and loaded.batcher.hangs:
            return "The model does not answer."
        return self._fault or self._said

    def classify(self, messages: Sequence[Message], *, explain: bool = False) -> list[Decision]:
        """One decision a message, in order; undetermined where the model gives none."""
        return [made for piece in _pieces(messages) for made in self._decided(piece, explain=explain)]

    def score(self, messages: Sequence[Message]) -> list[Decision]:
        """One decision a message by the model; ModelUnavailable where it gives none."""
        try:
            return [made for piece in _pieces(messages) for made in self._asked(piece, explain=False)]
        except NoAnswer as error:
            raise ModelUnavailable(f"The model {error} Try again later.") from None

    async def score_one(self, message: Message) -> Decision:
        """As `score`, for who must not wait in a thread."""
        why = "is not there."
        while loaded := self._loaded:
            try:
                return (await loaded.batcher.wait_for([message], explain=False))[0]
            except Closed:
                continue
            except NoAnswer as error:
                why = str(error)
                break
        raise ModelUnavailable(f"The model {why} Try again later.")

    def refresh(self) -> None:
        """Load the model that should serve, where another one does; a fault leaves the old one serving."""
        with self._switching:
            try:
                folder = self.fixed or self.models.serving()
                if folder and not (self._loaded and self._loaded.folder == folder):
                    self._take_up(folder)
                self._fault = "" if folder else _NONE
            except UntrustedModel as error:
                self._not_taken_up(str(error))
            except Exception as error:  # noqa: BLE001  # unpacking a model may raise anything; the old one goes on (P11)
                self._not_taken_up(f"The model cannot be loaded ({type(error).__name__}).")

    def start(self) -> None:
        """Look for a promotion every few seconds, in the background, until closed."""
        self._stop = threading.Event()
        threading.Thread(target=self._watch, args=(self._stop,), name="models", daemon=True).start()

    def _watch(self, stop: threading.Event) -> None:
        while not stop.wait(_TRY_AGAIN if self._fault else LOOK_EVERY):
            self.refresh()

    def close(self) -> None:
        """Look no more. Threads with nothing to do end by themselves; one that hangs does not hold up the process."""
        self._stop.set()

    def _take_up(self, folder: Path) -> None:
        classifier, old = MessageClassifier.open(folder, self.profile.name), self._loaded
        work = _sound(classifier)
        self._loaded = Loaded(folder=folder, classifier=classifier, batcher=Batcher(work, patience=self._patience))
        self._said = ""
        if old:
            old.batcher.close()
        _log.info("model_serves", model=classifier.manifest.version)

    def _not_taken_up(self, fault: str) -> None:
        if fault != self._fault:
            _log.error("model_not_taken_up", why=fault, serves=self.model_version)
        self._fault = fault

    def _decided(self, messages: Sequence[Message], *, explain: bool) -> Sequence[Decision]:
        try:
            decisions = self._asked(messages, explain=explain)
        except NoAnswer as error:
            if len(messages) > 1 and not isinstance(error, TookTooLong):  # one must not spoil those beside it
                return [made for one in messages for made in self._decided([one], explain=explain)]
            self._said = f"The model {error}"
            _log.error("undetermined", messages=[message.id for message in messages], why=str(error))
            return self._undetermined(messages, f"the model {error}")
        self._said = ""
        return decisions

    def _asked(self, messages: Sequence[Message], *, explain: bool) -> Sequence[Decision]:
        """Of the model that serves now; another one may take its place meanwhile."""
        while loaded := self._loaded:
            try:
                return loaded.batcher.ask(messages, explain=explain)
            except Closed:
                continue
        raise NoAnswer("is not there.")

    def _undetermined(self, messages: Sequence[Message], why: str) -> list[Decision]:
        """With cues and hazards, where at least the words can be read."""
        try:
            prepared: Sequence[PreparedMessage | None] = self._preparing.ask(messages, explain=False)
        except NoAnswer:
            prepared = [None] * len(messages)
        return [
            undetermined(message, why, self.profile, ready) for message, ready in zip(messages, prepared, strict=True)
        ]


def _pieces(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    """So that a large request lets others in between."""
    return (messages[start : start + LARGEST] for start in range(0, len(messages), LARGEST))


def _sound(classifier: MessageClassifier) -> Work[Decision]:
    """What the model says, refused where it is not a probability: comparisons with NaN would file a complaint away."""

    def work(messages: Sequence[Message], explain: bool) -> list[Decision]:  # noqa: FBT001  # see Work
        decisions = classifier.classify(messages, explain=explain)
        for message, made in zip(messages, decisions, strict=True):
            found = (made.prediction.complaint, made.prediction.service_request, made.prediction.other)
            whole = all(0 <= value <= 1 for value in found) and math.isclose(sum(found), 1, abs_tol=_CLOSE)
            if not whole or made.message_id != message.id:
                raise NoAnswer("gave numbers that are no probabilities.")
        return decisions

    return work
