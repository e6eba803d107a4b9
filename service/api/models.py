"""Which models there are, which one serves, and changing it without a restart."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from service.api.context import Context, Parts
from service.api.permissions import Needs, may_read
from service.api.problems import responses
from service.api.views import chosen
from service.model_schemas import ModelsOut
from service.models import NotPromotable
from service.roles import Caller, Permission

router = APIRouter(prefix="/v1/models", tags=["models"], responses=responses(422, 503))

Version = Annotated[str, Path(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,59}$")]
Promoter = Annotated[Caller, Depends(Needs(Permission.ADMIN))]
_HERE = "nobody signed in, on this machine"


@router.get("", dependencies=[Depends(may_read)])
def list_models(parts: Parts) -> ModelsOut:
    """The model that decides now, and every other at hand, each verified now."""
    return ModelsOut.from_serving(parts.classifier)


@router.post("/{version}/promote", responses=responses(404, 409))
def promote(version: Version, parts: Parts, caller: Promoter) -> ModelsOut:
    """Let a model serve. It is verified first; other processes take it up within seconds."""
    _refuse_if_fixed(parts)
    parts.classifier.models.promote(version, by=caller.name or _HERE)
    chosen(parts, caller.name, version)
    return _taken_up(parts)


@router.post("/{version}/rollback", responses=responses(404, 409))
def rollback(version: Version, parts: Parts, caller: Promoter) -> ModelsOut:
    """Go back from the model that serves, which is named, to the one before it."""
    _refuse_if_fixed(parts)
    parts.classifier.models.rollback(version, by=caller.name or _HERE)
    chosen(parts, caller.name, version, back=True)
    return _taken_up(parts)


def _taken_up(parts: Context) -> ModelsOut:
    parts.classifier.refresh()
    return ModelsOut.from_serving(parts.classifier)


def _refuse_if_fixed(parts: Context) -> None:
    if parts.classifier.fixed:
        raise NotPromotable(
            "This service was started with a fixed model (--model): start it without to change it here."
        )
