"""Whatever OpenAPI allows, and much that it does not, is answered as OpenAPI says. `make soak-api` tries more of it.

One check is left out: that whatever the schemas allow is accepted. Some rules no schema can say: an acknowledgement is
between receipt and today, no message is linked to itself, `If-Match` names the version there is.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from service.app import build_context, create_app
from service.auth.limits import Limits
from service.queue import QueueName
from service.roles import Permission
from service.settings import Settings
from tests.builders import RECEIVED
from tests.desk import put

CASES = int(os.environ.get("SOAK_CASES", "300"))
ITEMS = 6
REFUSED = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, 429]
"""What wrong data may be answered; the tool does not know 413 and would let an error of ours pass."""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[Any]:
    url = f"sqlite:///{tmp_path_factory.mktemp('api') / 'heard.db'}"
    context = build_context(Settings(database=url, model=model, requests_per_minute=10**9))
    with context.database.writing() as connection:
        for number in range(ITEMS):
            put(connection, context.calendar, f"m-{number}", list(QueueName)[number % 3], RECEIVED)
    key = context.door.people.keys.create("schemathesis", frozenset(Permission), None)
    config = schemathesis.Config.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": REFUSED}}})
    schema = schemathesis.openapi.from_asgi("/openapi.json", create_app(context), config=config)
    yield schema, {"Authorization": f"Bearer {key}"}, context.door.limits
    context.database.close()


@schemathesis.hook("map_path_parameters")
def _items_that_are_there(_context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    number = (path_parameters or {}).get("item_id")
    if path_parameters and isinstance(number, int) and 0 < number < 2**63:
        path_parameters["item_id"] = number % ITEMS + 1
    return path_parameters


@schemathesis.hook("filter_query")
def _what_is_wrong_is_sent(_context: Any, query: dict[str, Any] | None) -> bool:
    """A list of none or one is sent as nothing or as what is in it: the service cannot see a list to refuse."""
    return not any(isinstance(value, (list, dict)) and len(value) < 2 for value in (query or {}).values())


def tried(operation: Any, cases: int, key: dict[str, str], limits: Limits) -> None:
    """Call one operation so often, as OpenAPI allows and as it does not, with a key and, to be refused, without."""
    modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
    for mode in modes:

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=-(-cases // len(modes)),
            deadline=None,
            derandomize=cases < 100,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def call(case: schemathesis.Case) -> None:
            limits._exact.storage.reset()  # or so many wrong keys are answered 429
            case.call_and_validate(headers=key, excluded_checks=[positive_data_acceptance])

        with suppress(Unsatisfiable):  # where nothing can be sent wrong
            call()


def test_the_service_does_what_openapi_says(api: Any) -> None:
    schema, key, limits = api
    operations = [found.ok() for found in schema.get_all_operations()]
    faults = []
    for operation in operations:
        try:
            tried(operation, -(-CASES // len(operations)), key, limits)
        except FailureGroup as fault:  # every operation is tried, then all faults are shown
            faults.append(f"{operation.label}: {'; '.join(map(str, fault.exceptions))}")
    assert not faults, "\n\n".join(faults)
    print(f"{CASES} cases over {len(operations)} operations")
