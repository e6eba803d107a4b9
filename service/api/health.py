"""For the platform: alive, able to work, and numbers."""

from fastapi import APIRouter, Depends, Response
from fastapi.responses import PlainTextResponse

from service.api.context import Parts
from service.api.permissions import Needs, anyone
from service.api.problems import responses
from service.metrics import CONTENT_TYPE
from service.readiness import state
from service.roles import Permission
from service.schemas import HealthOut

router = APIRouter(tags=["health"])


@router.get("/health/live", dependencies=[Depends(anyone)])
def live() -> HealthOut:
    """The process answers."""
    return HealthOut(status="ok")


@router.get(
    "/health/ready",
    dependencies=[Depends(anyone)],
    responses={503: {"model": HealthOut, "description": "Not able to work; `problems` says why"}},
)
def ready(parts: Parts, response: Response) -> HealthOut:
    """Whether messages can be taken in. `degraded`: they are, and reach people, but `problems` says what is wrong."""
    found = state(parts.database, parts.classifier)
    response.status_code = 503 if found.stops else 200
    return HealthOut(
        status="not ready" if found.stops else "degraded" if found.warns else "ok",
        model_version=parts.classifier.model_version,
        profile=parts.classifier.profile.name,
        problems=[*found.stops, *found.warns],
    )


@router.get(
    "/metrics",
    dependencies=[Depends(Needs(Permission.MEASURE))],
    response_class=PlainTextResponse,
    responses=responses(503),
)
def metrics(parts: Parts) -> Response:
    """The numbers for Prometheus: what is there is in `docs/how-to/run-in-production.md`."""
    return Response(parts.metrics.text(), media_type=CONTENT_TYPE)
