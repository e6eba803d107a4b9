"""`make fuzz SECONDS=60 SEED=1`: coverage-guided fuzzing of every reader; anything that escapes a reader is a fault.

Seeds are the malformed mails and small tables made by code; what breaks a reader is kept in the folder printed.
"""

import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from openpyxl import Workbook

from tests.malformed.table import every_case
from tests.outlook import a_msg

_TARGETS = ("mail", "msg", "csv", "xlsx", "html", "file")
_CSV = b'id,comment,score\n1,"Nobody came, again",2\n2,Fine,9\n'
_HTML = b"<html><head><style>p{}</style></head><body><p>Nobody came.<blockquote>We will</blockquote></body></html>"
_SMALL = 20_000


def main(seconds: int, seed: int) -> int:
    """Exit status 1 where a reader let something escape, took over 5 s or over 1 GB."""
    found = Path(tempfile.mkdtemp(prefix="heard-fuzz-"))
    faults = 0
    for target in _TARGETS:
        corpus = found / target
        corpus.mkdir()
        for number, data in enumerate(_seeds(target)):
            (corpus / f"seed-{number}").write_bytes(data)
        faults += not _run(target, corpus, found, seconds, seed)
    print(f"{len(_TARGETS)} readers, {seconds} s each, seed {seed}: {faults} with faults. Kept in {found}")
    return 1 if faults else 0


def _run(target: str, corpus: Path, found: Path, seconds: int, seed: int) -> bool:
    options = (f"-max_total_time={seconds}", f"-seed={seed}", "-timeout=5", "-rss_limit_mb=1024", "-max_len=40000")
    command = [
        sys.executable,
        "-m",
        "tests.fuzz.one",
        target,
        str(corpus),
        *options,
        f"-artifact_prefix={found}/{target}-",
    ]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    runs = re.findall(r"Done (\d+) runs", done.stderr)
    print(f"{target:5} {int(runs[-1]):>9,} inputs, no fault" if runs else f"{target:5} FAULT\n{done.stderr[-2_000:]}")
    return bool(runs) and done.returncode == 0


def _seeds(target: str) -> list[bytes]:
    if target in {"mail", "file"}:
        return [case.raw for case in every_case() if len(case.raw) < _SMALL]
    return {
        "msg": [a_msg()],
        "csv": [_CSV, b"\xff\xfe" + _CSV.decode().encode("utf-16-le")],
        "xlsx": [_workbook()],
        "html": [_HTML],
    }[target]


def _workbook() -> bytes:
    book, kept = Workbook(), io.BytesIO()
    for row in (["id", "comment"], [1, "Nobody came"], [2, "=1+1"]):
        book.active.append(row)
    book.save(kept)
    return kept.getvalue()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
