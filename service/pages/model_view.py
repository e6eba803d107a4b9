"""What the model page shows: what serves and since when, how it was measured, what could take its place."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.artefact import Manifest, verify
from pipeline.errors import UntrustedModel
from pipeline.evaluation import Evaluation, read
from pipeline.verdict import Verdict
from service.api.context import Context
from service.models import KnownModel, NotPromotable
from service.pages import model_figures
from service.pages.card import card_html
from service.pages.insight_charts import drawn
from service.pages.model_figures import Asked
from service.promoting import Person, Promoting
from service.shadow import report
from service.store import samples
from service.store.model_tables import Standing
from service.store.samples import Period

WEEKLY, MINUTES = 1_000, 3.0
"""Messages a week and minutes an item in review, until the service knows better or is told."""
_WEEKS = 4
_CARD = "model_card.md"


@dataclass(frozen=True, kw_only=True)
class Challenger:
    """A model that could serve. `verdict` is None where the gate has not judged it against the one that serves.

    `fault` says why it could not serve whatever the gate said.
    """

    model: KnownModel
    verdict: Verdict | None
    fault: str

    @property
    def may_be_proposed(self) -> bool:
        """Whole, judged and not refused."""
        return not self.fault and self.verdict is not None and not self.verdict.refusals


def view(parts: Context, person: Person, asked: Asked | None) -> dict[str, Any]:
    """Everything but what the last press of a button said."""
    serving, promoting = parts.classifier, parts.promoting
    alone = not promoting.needs_another(person)
    with parts.database.reading() as connection:
        shadow = report(connection)
    try:
        known, history = serving.models.known(), serving.models.history()
    except UntrustedModel as error:
        return {"fault": str(error), "serving": serving, "alone": alone, "asked": _asked(parts, None, asked)}
    others = [_challenger(promoting, one) for one in known if not one.serves]
    served = _served(parts, known)
    waiting = promoting.waiting()
    return {
        "fault": "",
        "serving": serving,
        "served": served,
        "history": [{**entry, "promoted_at": _moment(entry["promoted_at"])} for entry in history],
        "challengers": others,
        "waiting": waiting,
        "own": waiting is not None and waiting.proposer_id == person.caller.id and not alone,
        "changes": promoting.history(),
        "standing": Standing,
        "alone": alone,
        "shadow": shadow,
        "shadow_table": model_figures.shadow_table(shadow) if shadow and shadow.scored else None,
        **_measured(parts, served, asked),
    }


def _measured(parts: Context, served: KnownModel | None, asked: Asked | None) -> dict[str, Any]:
    manifest = served.manifest if served else None
    found = read(served.folder, manifest.files) if served and manifest else None
    view: dict[str, Any] = {
        "card": _card(served) if served and manifest else None,
        "manifest": manifest,
        "evaluation": found,
        "asked": _asked(parts, found, asked),
    }
    if found and found.trade:
        tables = [model_figures.fairness(found), model_figures.slices(found)]
        view |= {
            "curves": model_figures.curves(found),
            "tables": [(table, drawn(table)) for table in tables],
            "trade": model_figures.trade(found, view["asked"]),
            "trade_table": model_figures.trade_table(found, view["asked"]),
        }
    return view


def _challenger(promoting: Promoting, model: KnownModel) -> Challenger:
    try:
        return Challenger(model=model, verdict=promoting.verdict_on(model), fault=model.fault)
    except NotPromotable as unreadable:
        return Challenger(model=model, verdict=None, fault=str(unreadable))


def _served(parts: Context, known: list[KnownModel]) -> KnownModel | None:
    """The model that decides in this process, else the one that should: by the lists, or fixed at the start."""
    fixed = parts.classifier.fixed
    if fixed is None:
        here = parts.classifier.model_version
        decides = next((one for one in known if one.version == here), None)
        return decides or next((one for one in known if one.serves), None)
    try:
        manifest: Manifest = verify(fixed)
    except UntrustedModel:
        return None
    return KnownModel(
        version=manifest.version,
        folder=fixed,
        manifest=manifest,
        fault="",
        serves=True,
        promoted_at="",
        manifest_sha256="",
    )


def _card(served: KnownModel) -> Any:
    return card_html((served.folder / _CARD).read_text(encoding="utf-8"))


def _asked(parts: Context, found: Evaluation | None, asked: Asked | None) -> Asked:
    """As asked; at first the promise in force and what came in of late."""
    if asked:
        return asked
    alphas = [step.alpha for step in found.trade] if found else []
    place = alphas.index(found.alpha) if found and found.alpha in alphas else 0
    until = datetime.now(UTC)
    with parts.database.reading() as connection:
        of_late = samples.routes(connection, Period(since=until - timedelta(weeks=_WEEKS), until=until))
    weekly = round(sum(of_late.values()) / _WEEKS)
    return Asked(place=place, weekly=weekly or WEEKLY, minutes=MINUTES)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
