"""For the platform: alive, and able to work."""

from fastapi import APIRouter, Response
from sqlalchemy.exc import SQLAlchemyError

from service.api.context import Parts
from service.schemas import HealthOut

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
def live() -> HealthOut:
    """The process answers."""
    return HealthOut(status="ok")


@router.get("/ready", responses={503: {"model": HealthOut, "description": "Not able to work; `problems` says why"}})
def ready(parts: Parts, response: Response) -> HealthOut:
    """The model is loaded and the database has the tables this version expects."""
    problems = []
    try:
        if not parts.database.is_current():
            problems.append(
                "The database has the tables of another version: start `heard serve` once to bring it up to date."
            )
    except SQLAlchemyError as error:
        problems.append(f"The database does not answer ({type(error).__name__}).")
    response.status_code = 503 if problems else 200
    manifest = parts.classifier.manifest
    status = "not ready" if problems else "ok"
    return HealthOut(
        status=status, model_version=manifest.version, profile=parts.classifier.profile.name, problems=problems
    )
