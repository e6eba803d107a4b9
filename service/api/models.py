"""Which models there are, which one serves, and changing it without a restart."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response

from service.api.context import Context, Parts
from service.api.permissions import Needs, Reader
from service.api.problems import responses
from service.model_schemas import ChangeIn, ModelsOut
from service.promoting import NOBODY, Person
from service.roles import Caller, Permission
from service.store.model_tables import Standing

router = APIRouter(prefix="/v1/models", tags=["models"], responses=responses(422, 503))

Version = Annotated[str, Path(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,59}$")]
Promoter = Annotated[Caller, Depends(Needs(Permission.MODELS))]
Administrator = Annotated[Caller, Depends(Needs(Permission.ADMIN))]
_WAITS: dict[int | str, dict[str, Any]] = {
    202: {"model": ModelsOut, "description": "Proposed: it waits for another person's call"}
}


@router.get("")
def list_models(parts: Parts, reader: Reader) -> ModelsOut:
    """The model that decides now, and every other at hand, each verified now; and what is proposed."""
    return _as_it_stands(parts, reader)


@router.post("/{version}/promote", responses={**_WAITS, **responses(400, 404, 409, 413)})
def promote(
    version: Version, parts: Parts, caller: Promoter, response: Response, body: ChangeIn | None = None
) -> ModelsOut:
    """Let a model serve: the first person's call proposes it (202), another's completes it (200).

    It is verified, and must have passed `heard gate` against the one that serves; other processes take it up within
    seconds. One call is enough while nobody can sign in, or where the service asks for no second person.
    """
    made = parts.promoting.promote(version, _person(caller), body.reason if body else "")
    response.status_code = 202 if made.status is Standing.OPEN else 200
    return _as_it_stands(parts, caller)


@router.post("/{version}/decline", responses=responses(400, 404, 409, 413))
def decline(version: Version, parts: Parts, caller: Promoter, body: ChangeIn | None = None) -> ModelsOut:
    """Turn down the proposal of this version; who made it withdraws it."""
    parts.promoting.decline_version(version, _person(caller), body.reason if body else "")
    return _as_it_stands(parts, caller)


@router.post("/{version}/rollback", responses=responses(400, 404, 409, 413))
def rollback(version: Version, parts: Parts, caller: Administrator, body: ChangeIn | None = None) -> ModelsOut:
    """Go back from the model that serves, which is named, to the one before it. One administrator is enough."""
    parts.promoting.roll_back(version, _person(caller), body.reason if body else "")
    return _as_it_stands(parts, caller)


def _person(caller: Caller) -> Person:
    return Person(caller=caller, name=caller.name or NOBODY)


def _as_it_stands(parts: Context, caller: Caller) -> ModelsOut:
    waiting = parts.promoting.waiting()
    if waiting and Permission.MODELS not in caller.may:
        waiting = replace(waiting, reason="")
    return ModelsOut.from_serving(parts.classifier, waiting)
