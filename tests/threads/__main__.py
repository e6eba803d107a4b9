"""`make threads`: the share of lines told right, by style, and every line of a resident's that was lost."""

import sys
from collections import Counter

from tests.threads.labelled import KEPT, threads


def main() -> None:
    """Print the table of each part; `python -m tests.threads dev` prints one, and its wrong lines."""
    for part in sys.argv[1:] or ["dev", "check"]:
        _print_part(part, wrong_lines=bool(sys.argv[1:]))


def _print_part(part: str, *, wrong_lines: bool) -> None:
    lines, right, lost, kept = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    found = threads(part)
    for thread in found:
        for letter, line, is_right in thread.judged():
            lines[thread.style] += 1
            right[thread.style] += is_right
            kept[letter] += 1
            lost[letter] += not is_right
            if wrong_lines and not is_right:
                print(f"  {thread.style}: {thread.name}: {letter}| {line.strip()}")
    print(f"\n{part}: {len(found)} threads, {lines.total()} lines")
    for style in sorted(lines):
        print(f"  {style:14} {right[style]:4} of {lines[style]:4}  {right[style] / lines[style]:7.1%}")
    print(f"  {'all':14} {right.total():4} of {lines.total():4}  {right.total() / lines.total():7.1%}")
    print(
        f"  lines carrying a complaint lost: {lost['C']} of {kept['C']}; other lines of the resident: "
        f"{lost['R']} of {kept['R']}; others' lines kept: {sum(lost.values()) - sum(lost[k] for k in KEPT)}"
    )


if __name__ == "__main__":
    main()
