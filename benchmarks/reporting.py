"""The benchmark of models on the terminal, in data/processed/bench_models.json and in MLflow."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.table import Table

from benchmarks.trials import SEED, Measured, Trial, is_complaint, measure
from pipeline import metrics
from pipeline.judging import Example
from pipeline.tracking import log_measurements

EXPERIMENT = "heard-bench"
LEFT_OUT = "left-out authors of the train split"
CALIBRATION = "calibration authors"
_TOO_SLOW = "-"


@dataclass(frozen=True, kw_only=True)
class Report:
    """`sets` holds the measures by judged set and candidate, `scenarios` the AUC on left-out scenarios of those that
    were run on them, `sizes` how many messages and complaints a set has.
    """

    trials: Sequence[Trial]
    sets: dict[str, dict[str, Measured]]
    scenarios: dict[str, float]
    sizes: dict[str, tuple[int, int]]

    @classmethod
    def of(cls, trials: Sequence[Trial], train: list[Example], judged: dict[str, list[Example]]) -> Self:
        """Measure everything that was said."""
        folded = {trial.candidate.name: trial.left_out_authors for trial in trials if trial.left_out_authors}
        sets = {LEFT_OUT: {name: measure(answer, train) for name, answer in folded.items()}}
        for name, rows in judged.items():
            sets[name] = {trial.candidate.name: measure(trial.answers[name], rows) for trial in trials}
        complaint = is_complaint(train)
        return cls(
            trials=trials,
            sets=sets,
            scenarios={
                trial.candidate.name: metrics.auc(trial.left_out_scenarios.scores, complaint)
                for trial in trials
                if trial.left_out_scenarios
            },
            sizes={
                name: (len(rows), int(is_complaint(rows).sum())) for name, rows in {LEFT_OUT: train, **judged}.items()
            },
        )


def print_report(report: Report, console: Console) -> None:
    """One table a judged set, candidates in the order they were run."""
    for name, measured in report.sets.items():
        messages, complaints = report.sizes[name]
        table = Table(title=f"{name}: {messages:,} messages, {complaints:,} complaints", title_justify="left")
        table.add_column("candidate", no_wrap=True)
        columns = ["AUC [95 %]", "like length", "macro F1", "recall, 5 %"]
        if name == LEFT_OUT:
            columns += ["scenarios", "a second"]
        for column in columns:
            table.add_column(column, justify="right", no_wrap=True)
        for trial in report.trials:
            row = _cells(measured.get(trial.candidate.name))
            if name == LEFT_OUT:
                scenarios = report.scenarios.get(trial.candidate.name)
                row += [_TOO_SLOW if scenarios is None else f"{scenarios:.3f}", f"{trial.per_second:,.0f}"]
            table.add_row(trial.candidate.name, *row)
        console.print(table)
    slow = [trial.candidate.name for trial in report.trials if trial.candidate.slow]
    if slow:
        console.print(f"- : too slow for folds, trained once: {', '.join(slow)}")


def write(report: Report, path: Path, *, data_sha256: str) -> None:
    """Everything measured, as JSON."""
    result = {
        "data_sha256": data_sha256,
        "seed": SEED,
        "sets": {
            name: {"messages": messages, "complaints": complaints}
            for name, (messages, complaints) in report.sizes.items()
        },
        "candidates": {trial.candidate.name: _as_json(report, trial) for trial in report.trials},
    }
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def log(report: Report, *, store: Path, data_sha256: str) -> None:
    """One MLflow run a candidate."""
    for trial in report.trials:
        name = trial.candidate.name
        values = {"messages_per_second": trial.per_second}
        if name in report.scenarios:
            values["left-out scenarios/auc"] = report.scenarios[name]
        for title, measured in report.sets.items():
            if name in measured:
                values |= {f"{title.replace(',', '')}/{key}": value for key, value in _values(measured[name]).items()}
        given = {"seed": SEED, "data_sha256": data_sha256}
        if trial.candidate.knob:
            given[trial.candidate.knob] = trial.setting
        log_measurements(EXPERIMENT, name, given, values, store=store)


def _cells(measured: Measured | None) -> list[str]:
    if measured is None:
        return [_TOO_SLOW] * 4
    auc = measured.auc
    return [
        f"{auc.value:.3f} [{auc.low:.3f}, {auc.high:.3f}]",
        f"{measured.auc_like_length:.3f}",
        f"{measured.macro_f1:.3f}",
        f"{measured.recall:.3f}",
    ]


def _values(measured: Measured) -> dict[str, float]:
    return {
        "auc": measured.auc.value,
        "auc_like_length": measured.auc_like_length,
        "macro_f1": measured.macro_f1,
        "recall": measured.recall,
    }


def _as_json(report: Report, trial: Trial) -> dict[str, Any]:
    name = trial.candidate.name
    sets = {title: asdict(measured[name]) for title, measured in report.sets.items() if name in measured}
    tuned = {"knob": trial.candidate.knob, "setting": trial.setting, "auc_of_settings": trial.tried}
    return {
        **(tuned if trial.candidate.knob else {}),
        "messages_per_second": round(trial.per_second, 1),
        "auc_left_out_scenarios": report.scenarios.get(name),
        "slow": trial.candidate.slow,
        "sets": sets,
    }
