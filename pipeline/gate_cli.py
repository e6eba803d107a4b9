"""`heard gate`: whether a challenger may take the champion's place."""

from pathlib import Path
from typing import Annotated

import typer


def gate(
    champion: Annotated[Path, typer.Argument(help="The folder of the model that serves.")],
    challenger: Annotated[Path, typer.Argument(help="The folder of the model that would.")],
    reviewed: Annotated[
        Path | None,
        typer.Option(help="Labelled traffic of late, as `heard feedback export` wrote it: its test rows count."),
    ] = None,
    folder: Annotated[Path, typer.Option("--in", help="The checkout: holds params.yaml and data/raw.")] = Path(),
) -> None:
    """Judge two models on the same messages; status 1 with reasons where the challenger must not serve."""
    from pipeline.gate_report import judge_challenger
    from pipeline.steps.places import Places

    raise typer.Exit(0 if judge_challenger(Places(root=folder), champion, challenger, reviewed) else 1)
