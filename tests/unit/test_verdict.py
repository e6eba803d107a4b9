"""What the gate said is kept whole, and read whole or not at all."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline import verdict
from pipeline.errors import UntrustedModel
from pipeline.verdict import Told, Verdict

TOLD = Told(on="frozen test", name="miss rate", champion=0.03, challenger=1)
KEPT = Verdict(
    champion="old", champion_sha256="a", challenger="new", challenger_sha256="b", judged_at="2026", checks=(TOLD,)
)


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    assert verdict.read(tmp_path) is None
    verdict.keep(KEPT, tmp_path)
    assert verdict.read(tmp_path) == KEPT


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({"champion": 3}, "gate.json, champion: "),
        ({"judged_at": None}, "gate.json, judged_at: "),
        ({"checks": {}}, "gate.json, checks: "),
        ({"checks": [{"on": "x", "name": "x", "champion": "0", "challenger": 0}]}, "checks.0.champion: "),
        ({"checks": [{"on": "x", "name": "x", "champion": float("nan"), "challenger": 0}]}, "checks.0.champion: "),
        ({"checks": [{"on": "x", "name": "x", "champion": 0}]}, "checks.0.challenger: "),
        ("{", "gate.json is broken: "),
        ("[]", "gate.json is broken: "),
        ("[" * 100_000, "gate.json is broken: "),
        (" " * 1_000_001, "gate.json is larger "),
    ],
    ids=lambda given: str(given)[:40],
)
def test_what_is_not_whole_is_refused_by_file_and_field(tmp_path: Path, spoilt: Any, said: str) -> None:
    verdict.keep(KEPT, tmp_path)
    file = tmp_path / verdict.FILE
    file.write_text(spoilt if isinstance(spoilt, str) else json.dumps(json.loads(file.read_text()) | spoilt))
    with pytest.raises(UntrustedModel) as refused:
        verdict.read(tmp_path)
    assert said in str(refused.value)
    assert "heard gate" in str(refused.value)
