"""The app that describes itself: OpenAPI with what FastAPI does not see, made when it is first asked for.

Making it takes half a second, which neither a start nor a test should wait for.
"""

import threading
from typing import Any

from fastapi import FastAPI

from service.api import problems
from service.schemas import Problem

_ONE = threading.Lock()


class Described(FastAPI):
    """FastAPI, with problems and refusals in its description."""

    def openapi(self) -> dict[str, Any]:
        """The interface as OpenAPI 3.1."""
        with _ONE:
            made = self.openapi_schema is not None
            document = super().openapi()
            if not made:
                _describe_problem(document)
                _describe_refusals(document)
            return document


def _describe_refusals(document: dict[str, Any]) -> None:
    """Whatever needs a key may answer 401, 403 and 429."""
    for path in document["paths"].values():
        for operation in path.values():
            if "security" in operation:
                for status, answer in problems.responses(401, 403, 429).items():
                    operation["responses"].setdefault(str(status), answer)


def _describe_problem(document: dict[str, Any]) -> None:
    """OpenAPI refers to Problem in every error; FastAPI only lists what routes answer with, so it is added here."""
    schemas = document["components"]["schemas"]
    described = Problem.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    for name, schema in described.pop("$defs", {}).items():
        schemas.setdefault(name, schema)
    schemas["Problem"] = described
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
