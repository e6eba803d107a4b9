"""`make malformed`: reads every malformed mail and a large mbox, and prints what it cost."""

import resource
import sys
import tempfile
import time
from pathlib import Path

from pipeline.domain import Message
from pipeline.read.files import read_paths
from tests.malformed.making import mail
from tests.malformed.table import every_case, file_name

_MBOX = 300_000_000


def main() -> int:
    """Exit status 1 where a file is not accounted for or its words are missing."""
    wrong, costs = 0, list[tuple[float, float, str]]()
    with tempfile.TemporaryDirectory() as folder:
        _large_mbox(Path(folder) / "large.mbox")  # first, so that its memory shows
        for number, case in enumerate(every_case()):
            path = Path(folder) / file_name(number, case)
            path.write_bytes(case.raw)
            wall, cpu = time.perf_counter(), time.process_time()
            found = list(read_paths([str(path)], channel=None))
            costs.append((time.process_time() - cpu, time.perf_counter() - wall, str(case)))
            text = "\n".join(each.text for each in found if isinstance(each, Message))
            wrong += len(found) != case.mails or any(word not in text for word in case.words)
            path.unlink()
        print(f"{len(costs)} files, {wrong} not accounted for or without their words")
        for cpu, wall, name in sorted(costs, reverse=True)[:5]:
            print(f"{cpu:6.2f} s processor, {wall:6.2f} s clock  {name}")
    return 1 if wrong else 0


def _large_mbox(path: Path) -> None:
    one = b"From jo@example.org Mon Nov  2 09:31:00 2026\n" + mail("Nobody came, nobody rang.\n" * 4_000) + b"\n"
    with path.open("wb") as file:
        for _ in range(_MBOX // len(one)):
            file.write(one)
    before, cpu = _peak(), time.process_time()
    count = sum(isinstance(each, Message) for each in read_paths([str(path)], channel=None))
    print(
        f"mbox of {path.stat().st_size / 1e6:.0f} MB: {count} of {_MBOX // len(one)} mails, "
        f"{time.process_time() - cpu:.1f} s processor, peak memory {before:.0f} -> {_peak():.0f} MB"
    )


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
