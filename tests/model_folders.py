"""Model folders that verify and hold no model, for what never asks one; and a verdict of the gate."""

import json
from hashlib import sha256
from pathlib import Path

import sklearn

from pipeline import evaluation, verdict
from pipeline.artefact import FORMAT, manifest_sha256, promote
from pipeline.domain import Label
from pipeline.evaluation import Bin, Evaluation, Group, Share, Step
from pipeline.verdict import Told, Verdict

SOME = Share(value=0.03, low=0.02, high=0.05, n=400)


def an_evaluation() -> Evaluation:
    steps = [
        Step(
            alpha=alpha,
            review=0.1,
            stage_1=0.5,
            miss_rate=alpha / 2,
            miss_rate_high=alpha,
            workload=0.3 - alpha,
            false_flags=0.04,
        )
        for alpha in (0.02, 0.05, 0.1)
    ]
    unknown = Step(
        alpha=0.01, review=None, stage_1=None, miss_rate=None, miss_rate_high=None, workload=None, false_flags=None
    )
    return Evaluation(
        messages=1_000,
        complaints=400,
        alpha=0.05,
        delta=0.1,
        precision_recall={"email": ((0.0, 1.0), (1.0, 0.4)), "note": ((0.0, 1.0), (1.0, 0.3))},
        risk=((1.0, 0.0), (0.5, 0.02), (0.1, 0.6)),
        reliability=(Bin(said=0.1, found=0.08, n=500), Bin(said=0.9, found=0.93, n=500)),
        slices={"channel email": SOME},
        groups=(Group(characteristic="dialect", group="regional", miss_rate=SOME, false_flags=SOME, verdict="wide"),),
        trade=(unknown, *steps),
    )


def a_model_folder(models: Path, version: str, *, card: str = "# Model\n\nTells.\n", measured: bool = True) -> Path:
    """In the promoted list, as the one that serves."""
    folder = models / version
    folder.mkdir(parents=True)
    (folder / "model.joblib").write_bytes(version.encode())
    (folder / "model_card.md").write_text(card, encoding="utf-8")
    if measured:
        evaluation.write(an_evaluation(), folder / evaluation.FILE)
    thresholds = {"review": 0.2, "stage_1": 0.7, "alpha": 0.05, "delta": 0.1, "n": 400, "k": 12}
    manifest = {
        "version": version,
        "created_at": "2026-11-27T10:00:00+00:00",
        "data_sha256": "0" * 64,
        "labels": [label.value for label in Label],
        "thresholds": {"pooled": thresholds, "email": thresholds},
        "versions": {"python": "3", "scikit-learn": sklearn.__version__, "joblib": "1"},
        "files": {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()},
        "metrics": {"miss_rate": 0.03},
        "format": FORMAT,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    promote(folder, by="a test")
    return folder


def judge(champion: Path, challenger: Path, *, reason: str = "") -> None:
    """As `heard gate` leaves it."""
    told = Told(on="frozen test", name="miss rate", champion=0.03, challenger=0.04, difference="+0.010", reason=reason)
    verdict.keep(
        Verdict(
            champion=champion.name,
            champion_sha256=manifest_sha256(champion),
            challenger=challenger.name,
            challenger_sha256=manifest_sha256(challenger),
            judged_at="2026-11-27T10:00:00+00:00",
            checks=(told,),
        ),
        challenger,
    )
