"""Commands about messages and models. Heavy imports wait until a command needs them."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipeline.check_cli import check_model
from pipeline.console import errors
from pipeline.data_cli import data
from pipeline.domain import Channel
from pipeline.errors import HeardError, InputError
from pipeline.gate_cli import gate
from pipeline.progress import Progress
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


class Engine(StrEnum):
    """Who scores a back-book."""

    LOCAL = "local"
    SPARK = "spark"


@app.command()
def score(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Mail (.eml, .msg, .mbox), tables (CSV, .xlsx, .xls, .ods), JSONL, Parquet, folders of these, "
            "or - for JSONL on standard input."
        ),
    ],
    channel: Annotated[Channel | None, typer.Option(help="The channel of rows that do not name one.")] = None,
    profile: Annotated[str, typer.Option(help="The Code in force: hos-2024 or lgsco-2024.")] = "hos-2024",
    model: Annotated[Path | None, typer.Option(help="A model folder; the one that serves if left out.")] = None,
    output: Annotated[
        str | None,
        typer.Option(
            help="Write here instead of to standard output. Into a folder (one that exists, or a name ending in /) go "
            "Parquet parts, by several processes; killed, the same command goes on."
        ),
    ] = None,
    include_text: Annotated[bool, typer.Option("--include-text", help="Add the words that were scored.")] = False,
    form: Annotated[
        Format | None, typer.Option("--format", help="jsonl if left out; parquet needs --output, a folder gets it.")
    ] = None,
    engine: Annotated[
        Engine | None, typer.Option(help="Who fills the folder: local processes, if left out, or Apache Spark.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="With a folder, local: how many; one a core if left out.")
    ] = None,
    part_rows: Annotated[int | None, typer.Option(min=1, help="With a folder: rows of a part; 10,000.")] = None,
    spark_master: Annotated[
        str | None, typer.Option(help="spark://HOST:PORT; what Spark's own settings say if left out.")
    ] = None,
) -> None:
    """Decide about every message in files: complaint, service request or other, and where it goes."""
    if engine is Engine.SPARK or (output and (output.endswith("/") or Path(output).is_dir())):
        if output is None or form not in {None, Format.PARQUET}:
            raise typer.BadParameter("a back-book is written as Parquet: give --output FOLDER and no other --format.")
        if engine is Engine.SPARK and processes:
            raise typer.BadParameter("how many processes Spark uses is Spark's setting: leave --processes out.")
        if engine is not Engine.SPARK and spark_master:
            raise typer.BadParameter("--spark-master needs --engine spark.")
        from pipeline.back_book.command import score_back_book

        tally = score_back_book(
            paths,
            Path(output),
            model=model,
            profile=profile,
            channel=channel,
            include_text=include_text,
            part_rows=part_rows,
            processes=processes,
            spark=engine is Engine.SPARK,
            spark_master=spark_master,
        )
        raise typer.Exit(tally.exit_status)
    if engine or processes or part_rows or spark_master:
        raise typer.BadParameter("--engine, --processes, --part-rows and --spark-master need a folder: --output DIR/.")
    if form is Format.PARQUET and output is None:
        raise typer.BadParameter("parquet cannot go to standard output: add --output FILE.")

    with starting():
        from pipeline.batch import score as score_all
        from pipeline.batch import writer
        from pipeline.classify import MessageClassifier
        from pipeline.read.files import read_paths

        classifier = MessageClassifier.open(model, profile)
    place = Path(output) if output else None
    wanted = (form or Format.JSONL).value
    with writer(place, wanted, sys.stdout, include_text=include_text) as write, Progress() as progress:
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

    train_and_register(Places(root=folder, more=also), errors.print, encoder=encoder)


@app.command()
def teach(
    folder: Annotated[Path, typer.Option("--in", help="The checkout: holds params.yaml and data/.")] = Path(),
) -> None:
    """Fine-tune the teacher encoder and write its soft labels (data/processed): an hour or more, extra `encoder`."""
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
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Only write the figures of the model page into the folder of a model without."),
    ] = False,
) -> None:
    """Measure a model on the frozen test, perhaps on a file of your own, perhaps by leave-one-author-out folds."""
    from pipeline.report import print_evaluation
    from pipeline.steps.places import Places

    if keep:
        if also or leave_out:
            raise typer.BadParameter(
                "--keep only writes the figures of the model page: leave --also and --leave-out out."
            )
        from pipeline.figures_kept import keep_figures

        errors.print(f"heard evaluate: wrote {keep_figures(Places(root=folder), model)}.", soft_wrap=True)
        return
    print_evaluation(Places(root=folder), model, also, leave_out=leave_out)


@app.command("release")
def release_model(
    folder: Annotated[Path, typer.Argument(help="A model folder, such as models/local/20261127-1a2b3c4d.")],
    by: Annotated[str, typer.Option(help="Who lets it serve; kept in models/promoted.json.")],
) -> None:
    """Copy a model trained here to models/, from where it serves wherever this checkout goes."""
    from pipeline.artefact import release
    from pipeline.classify import MODELS
    from pipeline.errors import TrackingError
    from pipeline.tracking import keep_in_step

    release(folder, MODELS, by=by)
    errors.print(f"heard release: {folder.name} serves now. Commit models/ to pass it on.")
    try:
        keep_in_step(MODELS, store=MODELS.parent)
    except TrackingError as error:
        errors.print(f"heard release: {error}")
        raise typer.Exit(1) from None


@app.command()
def registry(
    folder: Annotated[Path, typer.Option("--in", help="The checkout: holds models/ and mlflow.db.")] = Path(),
) -> None:
    """Let MLflow's registry name the model that serves, after a promotion over HTTP or on the page."""
    from pipeline.steps.places import Places
    from pipeline.tracking import keep_in_step

    places = Places(root=folder)
    aliases = keep_in_step(places.released, store=places.root)
    print(f"champion: {aliases.champion or 'none'}\nchallenger: {aliases.challenger or 'none'}")


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
