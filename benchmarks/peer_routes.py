"""The same model as others would serve it: a plain FastAPI route (`app`), and a folder for `mlflow models serve`.

Beside them a route without a model: what HTTP and the clients alone allow on this machine.

`python -m benchmarks.peer_routes MODEL TARGET` writes the folder.
"""

import os
import sys
from pathlib import Path
from typing import Any

import mlflow
from fastapi import FastAPI

from pipeline.classify import MessageClassifier
from pipeline.domain import Channel, Message

PROFILE = "hos-2024"


def _scored(classifier: MessageClassifier, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    messages = [Message(id=row["id"], text=row["text"], channel=Channel(row["channel"])) for row in rows]
    return [
        {"id": made.message_id, "route": made.route.value, "complaint": made.prediction.complaint}
        for made in classifier.classify(messages)
    ]


class Served(mlflow.pyfunc.PythonModel):
    """What `mlflow models serve` calls."""

    def load_context(self, context: Any) -> None:
        """Load the folder that was packed with it."""
        self._classifier = MessageClassifier.open(
            Path(context.artifacts["models"]) / context.model_config["version"], PROFILE
        )

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, ARG002  # mlflow reads the signature
        """Score the rows of a table."""
        return _scored(self._classifier, model_input.to_dict("records"))


def _app() -> FastAPI:
    plain = FastAPI()
    classifier = MessageClassifier.open(Path(os.environ["MODEL"]), PROFILE)

    @plain.post("/score")
    def score(row: dict[str, Any]) -> dict[str, Any]:
        return _scored(classifier, [row])[0]

    @plain.post("/nothing")
    async def nothing(row: dict[str, Any]) -> dict[str, Any]:
        return {"id": row["id"]}

    return plain


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    mlflow.pyfunc.save_model(
        sys.argv[2],
        python_model=Served(),
        artifacts={"models": str(folder.parent)},
        model_config={"version": folder.name},
        pip_requirements=[],
    )
elif "MODEL" in os.environ:
    app = _app()
