"""The labelled corpus: read, check, hash. `data/README.md` is its data dictionary."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from pipeline.domain import Channel, Flag, Label, LabelledMessage, Message
from pipeline.errors import CorpusError, UnreadableSource
from pipeline.topics import CATEGORIES

SPLITS = ("train", "calibration", "test")
_TEXTS = ("id", "text", "channel", "label", "topic", "author", "scenario", "split")
_OPTIONAL = frozenset({"subject", "category", "flags", "evidence", "slices", "weight", "annotator_1", "annotator_2"})
_KNOWN = frozenset(_TEXTS) | {"contested", "prior_chance"} | _OPTIONAL


def read_corpus(folder: Path) -> list[LabelledMessage]:
    """Every row of `folder/*.jsonl`, by file name; CorpusError names file and line of the first wrong row."""
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise CorpusError(f"{folder} holds no .jsonl files: there is nothing to train on.")
    rows = [row for path in files for row in _read_file(path, _labelled)]
    check_splits(rows)
    return rows


def read_labelled(path: Path) -> list[LabelledMessage]:
    """Rows of a file that is labelled but not part of the corpus; judged or calibrated on, never learned from.

    A row needs id, text, channel, label and contested. Without `author` the file is taken as one author's, without
    `scenario` each row as one of its own.
    """
    if not path.is_file():
        raise UnreadableSource(f"{path}: there is no such file.")
    return list(_read_file(path, lambda row: _own(row, path.stem)))


def read_more(path: Path) -> list[LabelledMessage]:
    """Rows of a file in the corpus's own schema, such as officers' reviews, to learn from beside the corpus."""
    if not path.is_file():
        raise UnreadableSource(f"{path}: there is no such file.")
    return list(_read_file(path, _labelled))


def corpus_sha256(folder: Path, also: Sequence[Path] = ()) -> str:
    """One hash over the names and bytes of the corpus files, and of those learned from beside it."""
    digest = hashlib.sha256()
    for path in [*sorted(folder.glob("*.jsonl")), *also]:
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def check_splits(rows: Iterable[LabelledMessage]) -> None:
    """No id twice; no author and no scenario in more than one split."""
    ids: set[str] = set()
    homes: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.message.id in ids:
            raise CorpusError(f"The id {row.message.id} stands twice in the corpus.")
        ids.add(row.message.id)
        homes[f"author {row.author}"].add(row.split)
        homes[f"scenario {row.scenario}"].add(row.split)
    parted = sorted(name for name, splits in homes.items() if len(splits) > 1)
    if parted:
        raise CorpusError(
            f"Parted between splits: {', '.join(parted[:5])}. A split never parts an author or a scenario."
        )


def of_split(rows: Iterable[LabelledMessage], *splits: str) -> list[LabelledMessage]:
    """The rows of the splits named."""
    return [row for row in rows if row.split in splits]


def _read_file(path: Path, parse: Callable[[dict[str, Any]], LabelledMessage]) -> Iterable[LabelledMessage]:
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            yield parse(_object(json.loads(line)))
        except (ValueError, KeyError) as error:
            what = f"no field {error}" if isinstance(error, KeyError) else str(error)
            raise CorpusError(f"{path}, line {number}: {what}.") from None


def _object(row: Any) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise ValueError("a row must be a JSON object")  # noqa: TRY004  # every wrong row is a ValueError here
    return row


def _labelled(row: dict[str, Any]) -> LabelledMessage:
    unknown = sorted(row.keys() - _KNOWN)
    if unknown:
        raise ValueError(f"unknown field {unknown[0]!r}")
    _check_types(row, texts=_TEXTS, yes_or_no=("contested", "prior_chance"))
    if row["topic"] not in CATEGORIES:
        raise ValueError(f"unknown topic {row['topic']!r}")
    if row["split"] not in SPLITS:
        raise ValueError(f"unknown split {row['split']!r}")
    for flag in row.get("flags", []):
        Flag(flag)
    return LabelledMessage(
        message=Message(
            id=row["id"], text=row["text"], channel=Channel(row["channel"]), subject=row.get("subject", "")
        ),
        label=Label(row["label"]),
        contested=row["contested"],
        prior_chance=row["prior_chance"],
        topic=row["topic"],
        author=row["author"],
        scenario=row["scenario"],
        split=row["split"],
        slices=tuple(row.get("slices", ())),
        evidence=row.get("evidence", ""),
        weight=_weight(row),
    )


def _own(row: dict[str, Any], name: str) -> LabelledMessage:
    _check_types(row, texts=("id", "text", "channel", "label"), yes_or_no=("contested",))
    return LabelledMessage(
        message=Message(
            id=row["id"], text=row["text"], channel=Channel(row["channel"]), subject=row.get("subject") or ""
        ),
        label=Label(row["label"]),
        contested=row["contested"],
        prior_chance=False,
        topic="communications",
        author=row.get("author") or name,
        scenario=row.get("scenario") or row["id"],
        split="test",
        slices=tuple(row.get("slices") or ()),
        weight=_weight(row),
    )


def _weight(row: dict[str, Any]) -> float:
    weight = row.get("weight")
    if weight is None:
        return 1.0
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 < weight < float("inf"):
        raise ValueError("'weight' must be a number above 0")
    return float(weight)


def _check_types(row: dict[str, Any], *, texts: Iterable[str], yes_or_no: Iterable[str]) -> None:
    for name in texts:
        if not isinstance(row[name], str) or not row[name].strip():
            raise ValueError(f"'{name}' must be a text")
    for name in yes_or_no:
        if not isinstance(row[name], bool):
            raise ValueError(f"'{name}' must be true or false")  # noqa: TRY004  # every wrong row is a ValueError here
