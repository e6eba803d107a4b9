"""Scoring one part: what a local process and a Spark executor both do."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipeline.artefact import load
from pipeline.back_book.durable import appearing
from pipeline.back_book.job import Job
from pipeline.back_book.parts import Part, items_of
from pipeline.batch import score
from pipeline.classify import MessageClassifier
from pipeline.decision_tables import decision_table, schema_of
from pipeline.errors import InputError, RefusedRow
from pipeline.policy import load_profile
from pipeline.starting import starting

_ABOUT = b"heard.part"


@dataclass(frozen=True, kw_only=True)
class Done:
    """What stands in the footer of a part's decisions: it is there if, and only if, the part is finished."""

    job: str
    number: int
    rows: int
    scored: int
    refused: int
    unusable: int


def work_folder(output: Path) -> Path:
    """What a run needs besides its output, until it is finished."""
    return output / "_work"


def rejects_of(output: Path, number: int) -> Path:
    """Where the rows that a part set aside stand until the run is finished."""
    return work_folder(output) / f"rejects-{number:06}.jsonl"


@lru_cache(1)
def classifier_of(model: Path, manifest_sha256: str, profile: str) -> MessageClassifier:
    """The model, loaded once a process, if it is still the one the run was begun with; it uses one core."""
    with starting():
        artefact = load(model, trusted={manifest_sha256})
        if artefact.estimators.encoder is not None:
            artefact.estimators.encoder.side_by_side = 1
        return MessageClassifier(artefact, load_profile(profile))


def score_part(job: Job, part: Part, classifier: MessageClassifier, advance: Callable[[int], None]) -> Done:
    """Decide about a part's rows; its refusals, then its decisions are on disk when this returns."""
    rejects: list[dict[str, Any]] = []
    schema = schema_of(include_text=job.include_text)
    with appearing(job.output / part.name) as draft, decision_table(draft, schema) as table:
        tally = score(
            items_of(part, job.channel),
            classifier,
            table.append,
            lambda error: rejects.append(_reject(error)),
            include_text=job.include_text,
            advance=advance,
        )
        done = Done(
            job=job.identity,
            number=part.number,
            rows=tally.scored + len(rejects),
            scored=tally.scored,
            refused=tally.refused,
            unusable=tally.unusable,
        )
        if rejects:
            _write_rejects(rejects_of(job.output, part.number), rejects)
        table.close({_ABOUT.decode(): json.dumps(asdict(done))})
    return done


def done_part(path: Path) -> Done | None:
    """What the footer of a part says; None where it is not a part of any run."""
    about = (pq.read_metadata(path).metadata or {}).get(_ABOUT)
    return Done(**json.loads(about)) if about else None


def _reject(error: InputError) -> dict[str, Any]:
    if isinstance(error, RefusedRow):
        return {"source": error.source, "line": error.line, "reason": error.reason}
    return {"source": None, "line": None, "reason": str(error)}


def _write_rejects(path: Path, rejects: list[dict[str, Any]]) -> None:
    with appearing(path) as draft, draft.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rejects)
