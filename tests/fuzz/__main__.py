"""`make fuzz`: coverage-guided fuzzing of the readers; anything that escapes a reader is a fault.

python -m tests.fuzz [TARGET ...] [--seconds 60] [--seed 1] [--jobs 1]
Seeds are the malformed mails and small tables made by code; what breaks a reader is kept in the folder printed.
"""

import argparse
import io
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from openpyxl import Workbook

from tests.malformed.table import every_case
from tests.outlook import a_msg

_TARGETS = ("mail", "msg", "csv", "xlsx", "html", "file")
_CSV = b'id,comment,score\n1,"Nobody came, again",2\n2,Fine,9\n'
_HTML = b"<html><head><style>p{}</style></head><body><p>Nobody came.<blockquote>We will</blockquote></body></html>"
_SMALL = 20_000


def main(targets: Sequence[str], seconds: int, seed: int, jobs: int) -> int:
    """Exit status 1 where a reader let something escape, took over 5 s or over 1 GB."""
    found = Path(tempfile.mkdtemp(prefix="heard-fuzz-"))
    for target in targets:
        (found / target).mkdir()
        for number, data in enumerate(_seeds(target)):
            (found / target / f"seed-{number}").write_bytes(data)
    with ThreadPoolExecutor(jobs) as pool:
        fine = list(pool.map(lambda target: _run(target, found, seconds, seed), targets))
    faults = fine.count(False)
    print(f"{len(targets)} readers, {seconds} s each, seed {seed}: {faults} with faults. Kept in {found}")
    return 1 if faults else 0


def _run(target: str, found: Path, seconds: int, seed: int) -> bool:
    options = (f"-max_total_time={seconds}", f"-seed={seed}", "-timeout=5", "-rss_limit_mb=1024", "-max_len=40000")
    command = [
        sys.executable,
        "-m",
        "tests.fuzz.one",
        target,
        str(found / target),
        *options,
        f"-artifact_prefix={found}/{target}-",
    ]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    runs = re.findall(r"Done (\d+) runs", done.stderr)
    said = f"{int(runs[-1]):>9,} inputs, no fault" if runs else f"FAULT\n{done.stderr[-2_000:]}"
    print(f"{target:5} {said}", flush=True)
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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(_TARGETS)}; all if left out")
    parser.add_argument("--seconds", type=int, default=60, help="for each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="how many run side by side")
    given = parser.parse_args()
    if strange := set(given.targets) - set(_TARGETS):
        parser.error(f"no reader is called {', '.join(sorted(strange))}: they are {', '.join(_TARGETS)}.")
    return given


if __name__ == "__main__":
    asked = _arguments()
    sys.exit(main(asked.targets or _TARGETS, asked.seconds, asked.seed, asked.jobs))
