"""One picture of how a cost grows: lines over sizes, in docs/pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"


def draw(
    name: str, lines: Mapping[str, Mapping[float, float]], *, title: str, labels: Sequence[str], scale: str = "log"
) -> None:
    """`limits-NAME.png`: each line a cost by size; `labels` are those of the two axes, both to `scale`."""
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    axes = figure.subplots()
    for line, curve in lines.items():
        axes.plot(list(curve), list(curve.values()), "o-", label=line)
    axes.set(xscale=scale, yscale=scale, xlabel=labels[0], ylabel=labels[1], title=title)
    if scale == "linear":
        axes.set_ylim(bottom=0)
    if len(lines) > 1:
        axes.legend(fontsize="small")
    figure.savefig(PICTURES / f"limits-{name}.png", dpi=110)
