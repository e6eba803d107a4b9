"""`heard score` into a folder: what is said before, meanwhile and afterwards."""

import os
from collections.abc import Sequence
from pathlib import Path

from pipeline.artefact import serving_folder
from pipeline.back_book.folder import REJECTS
from pipeline.back_book.job import PART_ROWS, a_job
from pipeline.back_book.run import Outcome, run_locally, run_on_spark
from pipeline.batch import Tally
from pipeline.classify import MODELS
from pipeline.console import errors
from pipeline.domain import Channel
from pipeline.errors import UntrustedModel
from pipeline.progress import Progress


def score_back_book(
    paths: Sequence[str],
    output: Path,
    *,
    model: Path | None,
    profile: str,
    channel: Channel | None,
    include_text: bool,
    part_rows: int | None,
    processes: int | None,
    spark: bool,
    spark_master: str | None,
) -> Tally:
    """Score files into a folder of parts, or go on with it."""
    chosen = model or serving_folder(MODELS)
    if chosen is None:
        raise UntrustedModel("No model is released or trained yet: run `heard train` first.")
    job = a_job(
        paths,
        output=output.resolve(),
        model=chosen.resolve(),
        profile=profile,
        channel=channel,
        include_text=include_text,
        part_rows=part_rows or PART_ROWS,
    )
    with Progress() as progress:
        if spark:
            outcome = run_on_spark(job, spark_master, progress)
        else:
            outcome = run_locally(job, processes or os.cpu_count() or 1, progress)
    errors.print(_summary(outcome, output))
    return outcome.tally


def _summary(outcome: Outcome, output: Path) -> str:
    tally = outcome.tally
    scored = f"{tally.scored:,} scored in {outcome.parts:,} parts in {output}"
    already = f" ({outcome.before:,} of them were there already)" if outcome.before else ""
    if not tally.exit_status:
        return f"{scored}{already}."
    return f"{scored}{already}; {tally.refused:,} refused, {tally.unusable:,} files not usable: {output / REJECTS}."
