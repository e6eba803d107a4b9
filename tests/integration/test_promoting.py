"""Another model serves when two people say so, and when the gate let it pass (S12, P26)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from pipeline.errors import SettingsError
from service.api.context import Context
from service.app import build_context
from service.audit_key import AuditKey
from service.models import NotPromotable
from service.promoting import Person, Promoting
from service.roles import HOLDS, NOBODY_YET, Caller, Permission, Role
from service.settings import Settings
from service.store import audit as store
from service.store.audit_tables import audit
from service.store.database import Database
from service.store.items import database_time
from service.store.model_tables import Standing
from tests.desk import clear
from tests.house import House, browser, system
from tests.model_folders import a_model_folder, judge

NEW, OLD = "20261127-new", "20261126-old"


@dataclass
class Hall:
    """A service on a database of each kind, in which OLD serves and NEW has passed the gate."""

    house: House
    models: Path
    since: int

    @property
    def parts(self) -> Context:
        return self.house.context

    def client(self, role: Role, name: str) -> TestClient:
        cookies = self.house.session(role, name)
        client = browser(self.house.app(), cookies=cookies)
        client.headers["Accept"] = "text/html"
        return client

    def serving(self) -> str:
        return json.loads((self.models / "promoted.json").read_text())[-1]["version"]

    def kinds(self) -> list[str]:
        with self.parts.database.reading() as connection:
            mine = select(audit.c.kind).where(audit.c.kind.like("model.%"), audit.c.seq > self.since)
            return [row[0] for row in connection.execute(mine.order_by(audit.c.seq))]


@pytest.fixture
def hall(used_database_url: str, tmp_path: Path) -> Iterator[Hall]:
    models = tmp_path / "models"
    challenger, champion = a_model_folder(models, NEW), a_model_folder(models, OLD)
    judge(champion, challenger)
    parts = build_context(Settings(database=used_database_url, models=models))
    clear(parts.database)
    with parts.database.reading() as connection:
        head = store.head(connection)
    yield Hall(House(parts), models, head.seq if head else 0)
    parts.database.close()


def someone(number: int, name: str, role: Role = Role.DATA_SCIENTIST) -> Person:
    return Person(caller=Caller(id=f"officer {number}", name=name, may=HOLDS[role]), name=name)


ONE, TWO = someone(1, "R. Osei"), someone(2, "L. Brandt")


def test_the_first_call_proposes_and_another_persons_call_promotes(hall: Hall) -> None:
    first, second = hall.client(Role.DATA_SCIENTIST, "R. Osei"), hall.client(Role.ADMINISTRATOR, "L. Brandt")
    proposed = first.post(f"/v1/models/{NEW}/promote", json={"reason": "misses less"})
    assert (proposed.status_code, proposed.json()["proposal"]["proposed_by"]) == (202, "R. Osei")
    assert first.post(f"/v1/models/{NEW}/promote").status_code == 202
    assert hall.serving() == OLD
    done = second.post(f"/v1/models/{NEW}/promote")
    assert (done.status_code, done.json()["proposal"]) == (200, None)
    assert hall.serving() == NEW
    assert json.loads((hall.models / "promoted.json").read_text())[-1]["by"] == "R. Osei, confirmed by L. Brandt"
    assert hall.kinds() == ["model.proposed", "model.promoted"]


def test_why_a_model_is_proposed_is_read_by_those_who_may_confirm_it_alone(hall: Hall) -> None:
    hall.parts.promoting.propose(NEW, ONE, "misses less")
    for role, reason in ((Role.DATA_SCIENTIST, "misses less"), (Role.OFFICER, "")):
        proposal = hall.client(role, f"B. {role}").get("/v1/models").json()["proposal"]
        assert (proposal["version"], proposal["reason"]) == (NEW, reason)


def test_a_key_neither_proposes_nor_confirms(hall: Hall) -> None:
    hall.house.officer(Role.ADMINISTRATOR)
    machine, key = system(hall.house.app()), hall.house.key(Permission.MODELS)
    to_propose = machine.post(f"/v1/models/{NEW}/promote", headers=key)
    hall.parts.promoting.propose(NEW, ONE, "misses less")
    to_confirm = machine.post(f"/v1/models/{NEW}/promote", headers=key)
    for refused in (to_propose, to_confirm):
        assert (refused.status_code, "A key cannot change the model" in refused.json()["detail"]) == (409, True)
    assert hall.serving() == OLD


@pytest.mark.parametrize("what", ["refused", "not judged", "spoilt", "not in a list"])
def test_what_may_not_serve_cannot_be_proposed_and_the_reason_is_said(hall: Hall, what: str) -> None:
    challenger = hall.models / NEW
    if what == "refused":
        judge(hall.models / OLD, challenger, reason="worse by 0.040, more than 0.01")
    elif what == "not judged":
        (challenger / "gate.json").unlink()
    elif what == "spoilt":
        (challenger / "model.joblib").write_bytes(b"x")
    client = hall.client(Role.DATA_SCIENTIST, "R. Osei")
    answer = client.post("/model/propose", data={"version": NEW if what != "not in a list" else "x", "reason": "why"})
    assert answer.status_code == 409
    said = {
        "refused": "worse by 0.040, more than 0.01",
        "not judged": "The gate has not judged",
        "spoilt": "differs from its manifest",
        "not in a list": "There is no model of this version",
    }
    assert said[what] in answer.text
    assert hall.parts.promoting.waiting() is None


def test_a_verdict_that_cannot_be_read_lets_nobody_propose_or_promote_and_the_page_says_so(hall: Hall) -> None:
    file = hall.models / NEW / "gate.json"
    file.write_text(file.read_text().replace(f'"{OLD}"', "3"))
    client = hall.client(Role.DATA_SCIENTIST, "R. Osei")
    refused = client.post("/model/propose", data={"version": NEW, "reason": "why"})
    assert (refused.status_code, refused.text.count("gate.json, champion:")) == (409, 2)  # above, and at the model
    assert "its verdict cannot be read" in refused.text
    with pytest.raises(NotPromotable, match="Judge it again"):
        hall.parts.promoting.promote(NEW, Person(caller=NOBODY_YET, name="on this machine"))


def test_a_verdict_against_another_champion_counts_for_nothing(hall: Hall) -> None:
    third = a_model_folder(hall.models, "20261128-third")
    assert hall.serving() == third.name
    with pytest.raises(NotPromotable, match="has not judged"):
        hall.parts.promoting.propose(NEW, ONE, "why")


def test_nobody_confirms_their_own_proposal_and_one_waits_at_a_time(hall: Hall) -> None:
    promoting = hall.parts.promoting
    made = promoting.propose(NEW, ONE, "why")
    with pytest.raises(NotPromotable, match="another person must confirm"):
        promoting.confirm(made.id, ONE)
    with pytest.raises(NotPromotable, match=r"R\. Osei has proposed"):
        promoting.propose(NEW, TWO, "why")
    assert promoting.decline(made.id, TWO, "not now").status is Standing.DECLINED
    with pytest.raises(NotPromotable, match="somebody else was first"):
        promoting.confirm(made.id, TWO)
    assert promoting.decline(promoting.propose(NEW, ONE, "again").id, ONE, "no").status is Standing.WITHDRAWN
    assert hall.kinds() == ["model.proposed", "model.declined", "model.proposed", "model.withdrawn"]


def test_a_proposal_nobody_confirms_in_time_ends(hall: Hall) -> None:
    late = timedelta(0)
    parts = hall.parts
    promoting = Promoting(parts.database, parts.classifier, now=lambda connection: database_time(connection) + late)
    made = promoting.propose(NEW, ONE, "why")
    late = timedelta(hours=73)
    with pytest.raises(NotPromotable, match="in time"):
        promoting.confirm(made.id, TWO)
    assert promoting.waiting() is None
    promoting.propose(NEW, TWO, "again")
    assert [each.status for each in promoting.history()] == [Standing.OPEN, Standing.EXPIRED]


def test_a_model_that_changed_after_it_was_proposed_is_not_confirmed(hall: Hall) -> None:
    made = hall.parts.promoting.propose(NEW, ONE, "why")
    (hall.models / NEW / "manifest.json").write_text("{}")
    with pytest.raises(NotPromotable):
        hall.parts.promoting.confirm(made.id, TWO)
    assert hall.serving() == OLD


def test_where_the_list_cannot_be_written_nothing_is_recorded(hall: Hall) -> None:
    made = hall.parts.promoting.propose(NEW, ONE, "why")
    (hall.models / "promoted.writing").mkdir()
    with pytest.raises(NotPromotable, match="cannot be written"):
        hall.parts.promoting.confirm(made.id, TWO)
    assert hall.kinds() == ["model.proposed"]
    assert hall.parts.promoting.waiting() == made


def test_where_it_cannot_be_recorded_no_model_is_exchanged(hall: Hall) -> None:
    made = hall.parts.promoting.propose(NEW, ONE, "why")
    url = hall.parts.database._engine.url.render_as_string(hide_password=False)
    keyless = Database(url, AuditKey(lambda: Settings(audit_key="another audit key than the one of these tests")))
    promoting = Promoting(keyless, hall.parts.classifier)
    for change in (lambda: promoting.confirm(made.id, TWO), lambda: promoting.roll_back(OLD, TWO, "harm")):
        with pytest.raises(SettingsError, match="not the one this database's record was begun with"):
            change()
    keyless.close()
    assert (hall.serving(), hall.kinds()) == (OLD, ["model.proposed"])


def test_one_administrator_goes_back_with_a_reason_and_a_data_scientist_does_not(hall: Hall) -> None:
    scientist, administrator = hall.client(Role.DATA_SCIENTIST, "R. Osei"), hall.client(Role.ADMINISTRATOR, "L. Brandt")
    assert "Go back at once" not in scientist.get("/model").text
    assert scientist.post("/model/rollback", data={"version": OLD, "reason": "harm"}).status_code == 403
    assert administrator.post("/model/rollback", data={"version": OLD, "reason": " "}).status_code == 422
    assert administrator.post("/model/rollback", data={"version": OLD, "reason": "harm"}).status_code == 303
    assert (hall.serving(), hall.kinds()) == (NEW, ["model.rolled_back"])
    page = administrator.get("/model?done=back").text
    assert "harm" in page
    assert "serves again" in page


def test_the_page_takes_a_proposal_to_the_second_person(hall: Hall) -> None:
    first, second = hall.client(Role.DATA_SCIENTIST, "R. Osei"), hall.client(Role.DATA_SCIENTIST, "L. Brandt")
    assert first.post("/model/propose", data={"version": NEW, "reason": ""}).status_code == 422
    assert first.post("/model/propose", data={"version": NEW, "reason": "misses less"}).status_code == 303
    assert "Confirm: let it serve" not in first.get("/model").text
    assert "Confirm: let it serve" in second.get("/model").text
    waiting = hall.parts.promoting.waiting()
    assert waiting is not None
    assert first.post("/model/confirm", data={"proposal": waiting.id}).status_code == 409
    assert second.post("/model/confirm", data={"proposal": waiting.id}).status_code == 303
    assert hall.serving() == NEW


def test_officers_and_viewers_neither_see_the_page_nor_the_way_to_it(hall: Hall) -> None:
    for role in (Role.OFFICER, Role.VIEWER):
        client = hall.client(role, f"One {role.value}")
        assert client.get("/model").status_code == 403
        assert 'href="/model"' not in client.get("/").text


def test_one_person_is_enough_where_the_service_asks_for_no_second(hall: Hall) -> None:
    alone = Promoting(hall.parts.database, hall.parts.classifier, second=False)
    assert alone.promote(NEW, ONE, "why").status is Standing.CONFIRMED
    assert hall.serving() == NEW
