"""Score messages; store nothing."""

from fastapi import APIRouter, Depends

from service.api.context import Parts
from service.api.permissions import may_score
from service.api.problems import responses
from service.decision_schemas import DecisionOut, DecisionsOut
from service.schemas import BatchIn, MessageIn

router = APIRouter(
    prefix="/v1", tags=["score"], dependencies=[Depends(may_score)], responses=responses(400, 413, 422, 503)
)


@router.post("/score")
async def score(body: MessageIn, parts: Parts) -> DecisionOut:
    """Decide about one message; nothing is stored."""
    return DecisionOut.from_domain(await parts.classifier.score_one(body.to_domain()))


@router.post("/score/batch")
def score_batch(body: BatchIn, parts: Parts) -> DecisionsOut:
    """Decide about up to 1,000 messages; nothing is stored."""
    decisions = parts.classifier.score([message.to_domain() for message in body.messages])
    return DecisionsOut(decisions=[DecisionOut.from_domain(decision) for decision in decisions])
