"""Back-books: tables of invented messages, large enough to be cut into parts, and what was made of them."""

import json
import random
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.conftest import CHECKOUT

EVERY = 997
"""One row in so many has no text, and is refused."""
_GROUP = 5_000


def write_book(path: Path, rows: int, seed: int) -> None:
    """Rows `m1`, `m2`, ... drawn from the corpus, each with its number in its words."""
    files = sorted((CHECKOUT / "data" / "raw").glob("a0*.jsonl"))
    drawn_from = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    chance = random.Random(seed)
    schema = pa.schema([("id", pa.string()), ("text", pa.string()), ("channel", pa.string())])
    with pq.ParquetWriter(path, schema) as table:
        for start in range(1, rows + 1, _GROUP):
            numbers = range(start, min(start + _GROUP, rows + 1))
            group = [_row(number, chance.choice(drawn_from)) for number in numbers]
            table.write_table(pa.Table.from_pylist(group, schema=schema))


def faults(output: Path, rows: int) -> list[str]:
    """What is wrong with a finished run over such a book: rows lost, doubled, or refused another number of times."""
    ids = pq.read_table(output, columns=["id"]).column("id").to_pylist()
    rejects = output / "_rejects.jsonl"
    lines = [json.loads(line)["source"] for line in rejects.read_text().splitlines()] if rejects.is_file() else []
    told = Counter([int(id_[1:]) for id_ in ids] + [int(source.rpartition("#")[2]) for source in lines])
    lost = [f"row {number} is lost" for number in range(1, rows + 1) if number not in told]
    doubled = [f"row {number} is there {times} times" for number, times in told.items() if times > 1]
    refused = rows // EVERY
    if len(lines) != refused:
        lost.append(f"{len(lines)} rows were refused, not {refused}")
    return lost + doubled


def _row(number: int, drawn: dict[str, str]) -> dict[str, str | None]:
    text = None if number % EVERY == 0 else f"{drawn['text']} Ref {number}."
    return {"id": f"m{number}", "text": text, "channel": drawn["channel"]}
