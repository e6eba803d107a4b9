"""What `make bench-speed` times: each contestant in processes of its own, loaded once, one core a process.

heard is timed from the raw message to the decision (cleaning, cues, probabilities, topic, route). The peers are given
the text and stop at their probabilities, so what heard does besides counts against it.
"""

import os
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression

from pipeline.artefact import load
from pipeline.classify import MessageClassifier
from pipeline.domain import Message, PreparedMessage
from pipeline.judging import Example
from pipeline.params import load_params
from pipeline.policy import load_profile
from pipeline.steps.places import Places

if TYPE_CHECKING:
    from benchmarks.encoding import Encoder, OnnxEncoder

CHECKOUT = Path(__file__).resolve().parents[1]
MINILM = CHECKOUT / "data" / "local" / "encoders" / "all-MiniLM-L6-v2"
CHUNK = 256
FAST = "heard, fast model"
RELEASED = "heard, released model"
PEERS = ("TF-IDF words + logistic regression", "fastText", "spaCy textcat, bag of words", "spaCy textcat, ensemble")
_LESSONS = 400
"""Messages a peer learns from: how fast it answers does not depend on how much it learned."""

Judge = Callable[[list[Message]], object]


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """`open` loads it, `missing` says what it lacks here. A round is `share` of the messages: slow ones get fewer."""

    name: str
    open: Callable[[], Judge]
    share: float = 1.0
    missing: Callable[[], str] = str


def heard_fast(model: Path) -> Judge:
    """The model in the folder `model` without its encoder."""
    artefact = load(model)
    estimators = replace(artefact.estimators, encoder=None, stack=None)
    return MessageClassifier(replace(artefact, estimators=estimators), load_profile("hos-2024")).classify


def heard_released(model: Path) -> Judge:
    """The whole model in the folder `model`."""
    return MessageClassifier.open(model, "hos-2024").classify


def peer(name: str) -> Judge:
    """A candidate of `make bench-models`, by its name there."""
    from benchmarks.candidates import plain_candidates  # noqa: PLC0415  # loads what only the peers need
    from benchmarks.peers import peer_candidates  # noqa: PLC0415  # as above

    known = [*plain_candidates(load_params(Places(root=CHECKOUT).params), {}), *peer_candidates()]
    candidate = next(each for each in known if each.name == name)
    judge = candidate.fit(_lessons(), 1)
    return lambda messages: judge([_as_written(message) for message in messages])


def frozen_minilm() -> Judge:
    """all-MiniLM-L6-v2 in torch, mean-pooled, with a logistic regression: SetFit without the fine-tuning."""
    import torch  # noqa: PLC0415  # an extra

    from benchmarks.encoding import Encoder  # noqa: PLC0415  # as above

    torch.set_num_threads(1)
    return _with_head(Encoder(MINILM))


def frozen_minilm_in_onnxruntime() -> Judge:
    """The same by onnxruntime."""
    from benchmarks.encoding import OnnxEncoder  # noqa: PLC0415  # needs torch, an extra

    return _with_head(OnnxEncoder(MINILM))


def _with_head(encoder: "Encoder | OnnxEncoder") -> Judge:
    lessons = _lessons()
    head = LogisticRegression(max_iter=1000).fit(
        encoder.embed([message.text for _, message in lessons]), [row.label.value for row, _ in lessons]
    )
    return lambda messages: head.predict_proba(encoder.embed([message.text for message in messages]))


def _no_minilm() -> str:
    if not all(map(find_spec, ("torch", "transformers"))):
        return "torch and transformers are not installed (extra `bench`)"
    return "" if MINILM.is_dir() else f"there is no folder {MINILM.relative_to(CHECKOUT)}"


def contestants(model: Path) -> tuple[Contestant, ...]:
    """Heard with the model in the folder `model`, and its peers."""
    return (
        Contestant(name=FAST, open=partial(heard_fast, model)),
        Contestant(name=RELEASED, open=partial(heard_released, model), share=0.08),
        *(Contestant(name=name, open=partial(peer, name)) for name in PEERS),
        Contestant(name="frozen MiniLM + LR, torch", open=frozen_minilm, share=0.15, missing=_no_minilm),
        Contestant(
            name="frozen MiniLM + LR, onnxruntime", open=frozen_minilm_in_onnxruntime, share=0.15, missing=_no_minilm
        ),
    )


class Worker:
    """A process on a core of its own that has loaded a contestant and times what it does."""

    def __init__(self, contestant: Contestant, core: int) -> None:
        context = get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, contestant.open, core), daemon=True)
        self._process.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._ours.send(("end", None))
        self._process.join(30)

    def ask(self, what: str, messages: Sequence[Message] = ()) -> None:
        """Begin: `many` (in chunks), `each` (one by one) or `memory`; `answer` waits for the end."""
        self._ours.send((what, list(messages)))

    def answer(self) -> Any:
        """Seconds for `many`, milliseconds a message for `each`, megabytes for `memory`."""
        return self._ours.recv()


def _work(orders: Connection, open_contestant: Callable[[], Judge], core: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    judge = open_contestant()
    while (order := orders.recv())[0] != "end":
        orders.send(_DOES[order[0]](judge, order[1]))


def _many(judge: Judge, messages: list[Message]) -> float:
    began = time.perf_counter()
    for start in range(0, len(messages), CHUNK):
        judge(messages[start : start + CHUNK])
    return time.perf_counter() - began


def _each(judge: Judge, messages: list[Message]) -> list[float]:
    return [1000 * _many(judge, [message]) for message in messages]


def _memory(_: Judge, __: list[Message]) -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


_DOES: dict[str, Callable[[Judge, list[Message]], Any]] = {"many": _many, "each": _each, "memory": _memory}


def _lessons() -> list[Example]:
    examples: list[Example] = joblib.load(Places(root=CHECKOUT).prepared)
    train = [example for example in examples if example[0].split == "train"]
    return [train[int(number)] for number in np.linspace(0, len(train) - 1, _LESSONS)]


def _as_written(message: Message) -> PreparedMessage:
    return PreparedMessage(text=message.text, subject=message.subject, channel=message.channel, cues=(), windowed=False)
