"""Commands about messages and models. Heavy imports wait until a command needs them."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

import typer

from pipeline.check_cli import check_model
from pipeline.console import errors
from pipeline.data_cli import data
from pipeline.domain import Channel
from pipeline.errors import HeardError, InputError
from pipeline.gate_cli import gate
from pipeline.starting import starting
from pipeline.thresholds_cli import thresholds

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
app.add_typer(data, name="data")
app.command()(check_model)
app.command()(gate)
app.command()(thresholds)

CANNOT_RUN = 2


class Format(StrEnum):
    """How decisions are written."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


@app.command()
def score(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Mail (.eml, .msg, .mbox), tables (CSV, .xlsx, .xls, .ods), JSONL, folders of these, "
            "or - for JSONL on standard input."
        ),
    ],
    channel: Annotated[Channel | None, typer.Option(help="The channel of rows that do not name one.")] = None,
    profile: Annotated[str, typer.Option(help="The Code in force: hos-2024 or lgsco-2024.")] = "hos-2024",
    model: Annotated[Path | None, typer.Option(help="A model folder; the one that serves if left out.")] = None,
    output: Annotated[Path | None, typer.Option(help="Write here instead of to standard output.")] = None,
    include_text: Annotated[bool, typer.Option("--include-text", help="Add the words that were scored.")] = False,
    form: Annotated[Format, typer.Option("--format", help="Parquet needs --output.")] = Format.JSONL,
) -> None:
    """Decide about every message in files: complaint, service request or other, and where it goes."""
    if form is Format.PARQUET and output is None:
        raise typer.BadParameter("parquet cannot go to standard output: add --output FILE.")

    with starting():
        from pipeline.batch import score as score_all
        from pipeline.batch import writer
        from pipeline.classify import MessageClassifier
        from pipeline.read.files import read_paths

        classifier = MessageClassifier.open(model, profile)
    with writer(output, form.value, sys.stdout) as write, _Progress() as progress:
        tally = score_all(
            read_paths(paths, channel=channel),
            classifier,
            write,
            report,
            include_text=include_text,
            advance=progress.advance,
        )
    if tally.exit_status:
        errors.print(f"{tally.scored:,} scored, {tally.refused:,} refused, {tally.unusable:,} files not usable.")
    raise typer.Exit(tally.exit_status)


@app.command()
def train(
    folder: Annotated[Path, typer.Option("--in", help="The checkout: holds params.yaml, data/ and models/.")] = Path(),
    encoder: Annotated[
        bool, typer.Option("--encoder", help="With the encoder that params.yaml names (encoder.serves).")
    ] = False,
    also: Annotated[
        Path | None, typer.Option(help="JSON Lines to learn from as well, such as what `heard feedback export` wrote.")
    ] = None,
) -> None:
    """Train a model on data/raw, judge it on the frozen test, and let it serve here (models/local)."""
    from pipeline.steps.places import Places
    from pipeline.steps.whole import train_and_register

    train_and_register(Places(root=folder), errors.print, encoder=encoder, also=also)


@app.command()
def teach(
    folder: Annotated[Path, typer.Option("--in", help="The checkout: holds params.yaml and data/.")] = Path(),
) -> None:
    """Fine-tune the teacher encoder and write its soft labels (data/processed): an hour or so, extra `encoder`."""
    from pipeline.steps import prepare
    from pipeline.steps.encoder import need_torch
    from pipeline.steps.places import Places

    need_torch()
    from pipeline.steps.teach import run as run_teacher

    prepare.run(Places(root=folder))
    run_teacher(Places(root=folder))


@app.command()
def evaluate(
    folder: Annotated[Path, typer.Option("--in", help="The checkout.")] = Path(),
    model: Annotated[Path | None, typer.Option(help="A model folder; the one that serves if left out.")] = None,
    also: Annotated[
        Path | None, typer.Option(help="A JSONL file with id, text, channel, label and contested to judge as well.")
    ] = None,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Also judge each author by a fast model trained without that author.")
    ] = False,
) -> None:
    """Measure a model on the frozen test, perhaps on a file of your own, perhaps by leave-one-author-out folds."""
    from pipeline.report import print_evaluation
    from pipeline.steps.places import Places

    print_evaluation(Places(root=folder), model, also, leave_out=leave_out)


@app.command("release")
def release_model(
    folder: Annotated[Path, typer.Argument(help="A model folder, such as models/local/20261127-1a2b3c4d.")],
    by: Annotated[str, typer.Option(help="Who lets it serve; kept in models/promoted.json.")],
) -> None:
    """Copy a model trained here to models/, from where it serves wherever this checkout goes."""
    from pipeline.artefact import release
    from pipeline.classify import MODELS

    release(folder, MODELS, by=by)
    errors.print(f"heard release: {folder.name} serves now. Commit models/ to pass it on.")


def report(error: InputError) -> None:
    """One line on standard error for something refused."""
    errors.print(str(error))


def run(command: typer.Typer) -> None:
    """Run a command line; whatever goes wrong ends in a sentence and an exit status, never a traceback."""
    try:
        command()
    except HeardError as error:
        errors.print(f"heard: {error}")
        raise SystemExit(CANNOT_RUN) from None
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        errors.print(f"heard: the file or folder{where} cannot be used ({error.strerror or type(error).__name__}).")
        raise SystemExit(CANNOT_RUN) from None
    except KeyboardInterrupt:
        errors.print("heard: stopped.")
        raise SystemExit(130) from None


class _Progress:
    """A counter on a terminal, nothing in a pipe."""

    def __init__(self) -> None:
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.completed:,} messages"), TimeElapsedColumn())
        self._bar = Progress(*columns, console=errors, disable=not sys.stderr.isatty(), transient=True)
        self._task = self._bar.add_task("scoring", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()

    def advance(self, by: int) -> None:
        """So many messages more."""
        self._bar.advance(self._task, by)
