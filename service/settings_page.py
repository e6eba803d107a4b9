"""The page docs/reference/settings.md, from the settings themselves."""

from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from service.settings import Settings
from service.settings_file import PREFIX, table_of


def as_markdown() -> str:
    """What `heard settings` prints."""
    return _PAGE.format(settings="\n".join(_rows(Settings, "")))


def _rows(model: type[BaseModel], within: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if inner := table_of(field):
            yield from _rows(inner, f"{name}.")
            continue
        variable = PREFIX + (within.replace(".", "_") + name).upper()
        says = (field.description or "").replace("|", "\\|")
        yield f"| `{within}{name}` | `{variable}` | {_default(field)} | {says} |"


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is None or "Secret" in type(value).__name__ or value in ("", frozenset(), (), {}):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


_PAGE = """# Settings

`heard settings` prints this page from the settings themselves.

A setting is an option of a command, else an environment variable, else it stands in a file: the first that has it wins.
The file is `heard.toml` in the working folder, or the one that `heard --settings FILE ...` or `HEARD_SETTINGS` names:

```toml
database = "postgresql+psycopg://heard@db.council.example/heard"
nation = "SCT"

[keep]
closed_days = 2191

[oidc]
issuer = "https://login.council.example"
roles = {{"Complaints team" = "officer"}}
```

A table such as `[oidc]` is laid together setting by setting: one variable does not do away with the rest of the table.
Lists are TOML lists in the file, and separated by commas in a variable; `oidc.roles` and `oidc.require` are JSON there.

Nothing is guessed. An unknown name in the file is refused with the nearest right one, and so is a variable that is very
nearly a setting; a wrong value is refused by its name, never shown. Keys of ours need 32 characters or more;
`changeme`, `secret`, one letter over and over are refused, and so is a file with a secret in it that anybody on the
machine can read.

| in the file | variable | default | |
|---|---|---|---|
{settings}

`HEARD_ENV=production` refuses what is for tests. Other variables that begin with `HEARD_` are left alone: a mailbox's
password may stand in one ([watch a mailbox](../how-to/watch-a-mailbox.md)).
"""
