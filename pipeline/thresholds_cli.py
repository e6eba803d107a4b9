"""`heard thresholds`: what it costs to promise that few complaints are missed."""

from pathlib import Path
from typing import Annotated

import typer

_PROMISED = 0
_TOO_FEW = 1


def thresholds(
    alpha: Annotated[
        float | None,
        typer.Option(min=0.0001, max=0.5, help="Share of complaints missed at most; that of params.yaml if left out."),
    ] = None,
    delta: Annotated[
        float | None,
        typer.Option(min=0.0001, max=0.5, help="Chance that the promise fails; that of params.yaml if left out."),
    ] = None,
    folder: Annotated[Path, typer.Option("--in", help="The checkout.")] = Path(),
    labelled: Annotated[
        Path | None,
        typer.Option(
            help="A JSONL file with id, text, channel, label, contested and, if known, author; the calibration split "
            "if left out."
        ),
    ] = None,
    model: Annotated[Path | None, typer.Option(help="A model folder; the one that serves if left out.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw miss rate against workload into this PNG file.")] = None,
) -> None:
    """Show thresholds, miss rate, workload and false flags for a ladder of promises; status 1 if yours needs more."""
    if plot is not None and plot.suffix.lower() != ".png":
        raise typer.BadParameter(f"{plot} does not end in .png.", param_hint="--plot")

    from pipeline.steps.places import Places
    from pipeline.trade_report import Asked, print_trade

    asked = Asked(alpha=alpha, delta=delta, model=model, labelled=labelled, plot=plot)
    raise typer.Exit(_PROMISED if print_trade(Places(root=folder), asked) else _TOO_FEW)
