"""`make bench-models`: heard's model and its peers, trained on the same train split and judged on the same rows.

Judged on left-out authors and left-out scenarios of the train split, on the calibration authors, with --final on the
frozen test, and with --also on a labelled file. docs/reference/benchmarks.md says what each row is.
"""

import argparse
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import joblib
from rich.console import Console

from benchmarks.candidates import Candidate, Released, plain_candidates
from benchmarks.encoding import Embeddings, frozen_encoder
from benchmarks.peers import peer_candidates
from benchmarks.reporting import CALIBRATION, Report, log, print_report, write
from benchmarks.subwords import subword_candidates
from benchmarks.trials import SEED, Trial, preparing_speed, run
from benchmarks.tuned import KeptAnswers, tuned_candidates
from pipeline.corpus import corpus_sha256, read_labelled
from pipeline.judging import Example
from pipeline.params import load_params
from pipeline.preprocess import prepare
from pipeline.sentences import read_soft_sentences
from pipeline.steps.places import Places
from pipeline.steps.prepare import run as prepare_corpus

CHECKOUT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Train, judge, print; a whole run also draws, writes and logs."""
    options = _options()
    console = Console(width=140, highlight=False)
    places = Places(root=CHECKOUT)
    prepare_corpus(places)
    examples: list[Example] = joblib.load(places.prepared)
    train = _training_rows(examples, quick=options.quick)
    judged = _judged(examples, options.also, final=options.final)
    encoders = [Embeddings(folder, places.prepared.parent) for folder in options.encoder]
    kept = KeptAnswers(places.prepared.parent)
    console.print(
        f"corpus {corpus_sha256(places.raw)[:12]}, seed {SEED}, {len(train):,} training messages of "
        f"{len({row.author for row, _ in train})} authors; preparing (words and cues) "
        f"{preparing_speed([row.message for row, _ in judged[CALIBRATION]]):,.0f} messages a second on one core"
    )

    def all_new() -> ExitStack:
        stack = ExitStack()
        for each in (*encoders, kept):
            stack.enter_context(each.forgotten())
        return stack

    trials: list[Trial] = []
    for candidate in _roster(places, encoders, kept, options):
        began = time.perf_counter()
        trials.append(run(candidate, train, judged, all_new=all_new, quick=options.quick))
        console.print(f"{trials[-1].choice}; {time.perf_counter() - began:,.0f} s")
    report = Report.of(trials, train, judged)
    print_report(report, console)
    if not (options.quick or options.only):
        _keep(report, trials, judged, places)


def _keep(report: Report, trials: list[Trial], judged: dict[str, list[Example]], places: Places) -> None:
    from benchmarks.pictures import draw  # noqa: PLC0415  # a second to load, for whole runs only

    draw(trials, report.sets[CALIBRATION], CALIBRATION, judged[CALIBRATION], CHECKOUT / "docs" / "pictures")
    data = corpus_sha256(places.raw)
    write(report, places.metrics.with_name("bench_models.json"), data_sha256=data)
    log(report, store=CHECKOUT, data_sha256=data)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--also", type=Path, help="JSON Lines with id, text, channel, label, contested")
    parser.add_argument("--encoder", type=Path, action="append", default=[], help="folder of a sentence encoder: a row")
    parser.add_argument(
        "--tune", type=Path, action="append", default=[], help="folder of an encoder to fine-tune: a row"
    )
    parser.add_argument("--seeds", type=int, default=1, help="rows a fine-tuned encoder, each with another seed")
    parser.add_argument("--tune-in-folds", action="store_true", help="fine-tuned encoders are judged by folds too")
    parser.add_argument("--model", type=Path, help="folder of a promoted model trained on this corpus: a row")
    parser.add_argument("--only", default="", help="only candidates whose names hold one of these words (a,b); print")
    parser.add_argument("--final", action="store_true", help="judge on the frozen test too")
    parser.add_argument("--quick", action="store_true", help="a third of the authors, nothing tuned or slow; print")
    return parser.parse_args()


def _roster(
    places: Places, encoders: Sequence[Embeddings], kept: KeptAnswers, options: argparse.Namespace
) -> list[Candidate]:
    params, taught = load_params(places.params), read_soft_sentences(places.soft_sentences)
    released = [Released.open(options.model, corpus_sha256(places.raw))] if options.model else []
    everybody = [
        *plain_candidates(params, taught),
        *subword_candidates(),
        *peer_candidates(),
        *(frozen_encoder(embeddings) for embeddings in encoders),
        *tuned_candidates(options.tune, params.encoder, kept, seeds=options.seeds, folds=options.tune_in_folds),
        *released,
    ]
    wanted = [candidate for candidate in everybody if any(word in candidate.name for word in options.only.split(","))]
    return [candidate for candidate in wanted if not (options.quick and candidate.slow)]


def _training_rows(examples: Sequence[Example], *, quick: bool) -> list[Example]:
    train = [example for example in examples if example[0].split == "train"]
    kept = sorted({row.author for row, _ in train})[:: 3 if quick else 1]
    return [example for example in train if example[0].author in set(kept)]


def _judged(examples: Sequence[Example], also: Path | None, *, final: bool) -> dict[str, list[Example]]:
    judged = {CALIBRATION: [example for example in examples if example[0].split == "calibration"]}
    if final:
        judged["frozen test"] = [example for example in examples if example[0].split == "test"]
    if also:
        rows = [(row, prepare(row.message)) for row in read_labelled(also)]
        judged[f"{also.stem}, all"] = rows
        judged[f"{also.stem}, uncontested"] = [example for example in rows if not example[0].contested]
    return judged


if __name__ == "__main__":
    main()
