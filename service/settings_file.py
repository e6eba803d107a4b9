"""The file of settings, `heard.toml` in the working folder or the one named: read strictly, refused in a sentence."""

import difflib
import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pipeline.errors import SettingsError

PREFIX = "HEARD_"
VARIABLE = "HEARD_SETTINGS"
"""Names the file; `heard --settings FILE` sets it."""
_BESIDE = Path("heard.toml")
_NOT_SETTINGS = frozenset({VARIABLE, "HEARD_ENV", "HEARD_CRASHPOINT", "HEARD_TRUSTED_MANIFESTS"})
_ALIKE, _VERY_ALIKE = 0.5, 0.85
_PASSWORD = re.compile(r"^[^:/]+://[^:/@]*:[^/@]+@")
"""What the address of a database may hold."""
_SEE = "All are in docs/reference/settings.md"


def settings_file() -> Path | None:
    """The file that counts; None where there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    return _BESIDE if _BESIDE.exists() else None


def read_settings(path: Path, model: type[BaseModel]) -> dict[str, Any]:
    """What a file sets; SettingsError names the file and what is wrong with it, never a value."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"The settings in {path} cannot be read ({error.strerror}): is the path right?") from None
    except UnicodeDecodeError:
        raise SettingsError(f"The settings in {path} are not UTF-8: save the file as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"The settings in {path} are not TOML: {error}.") from None
    for name, nearest in _unknown(given, model):
        raise SettingsError(f"{path}: there is no setting `{name}`{_meant(nearest)}. {_SEE}.")
    secret = next(_secrets(given, model), None)
    if secret and path.stat().st_mode & stat.S_IROTH:
        raise SettingsError(f"{path} holds `{secret}` and anybody on this machine can read it: `chmod 600 {path}`.")
    return given


def refuse_misspelt(environment: Mapping[str, str], model: type[BaseModel]) -> None:
    """SettingsError where a variable is very nearly a setting: it would be silently without effect."""
    known = dict.fromkeys(name for name, _ in every(model))
    for variable in environment:
        name = variable.removeprefix(PREFIX).casefold()
        if not variable.startswith(PREFIX) or variable in _NOT_SETTINGS or name.replace("__", "_") in known:
            continue
        near = difflib.get_close_matches(name, known, n=1, cutoff=_VERY_ALIKE)
        if near:
            raise SettingsError(f"There is no setting {variable}{_meant(PREFIX + near[0].upper())}. {_SEE}.")


def every(model: type[BaseModel], within: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every setting as its environment variable has it, without the prefix; a table's own come after it."""
    for name, field in model.model_fields.items():
        yield within + name, field
        if inner := table_of(field):
            yield from every(inner, f"{name}_")


def table_of(field: FieldInfo) -> type[BaseModel] | None:
    """The settings of a table; None where the setting is none."""
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _unknown(given: Mapping[str, Any], model: type[BaseModel], within: str = "") -> Iterator[tuple[str, str]]:
    for name, value in given.items():
        field = model.model_fields.get(name)
        if field is None:
            near = difflib.get_close_matches(name, model.model_fields, n=1, cutoff=_ALIKE)
            yield within + name, within + near[0] if near else ""
        elif (inner := table_of(field)) and isinstance(value, dict):
            yield from _unknown(value, inner, f"{name}.")


def _secrets(given: Mapping[str, Any], model: type[BaseModel], within: str = "") -> Iterator[str]:
    for name, value in given.items():
        field = model.model_fields[name]
        if "SecretStr" in str(field.annotation) or _PASSWORD.search(str(value)):
            yield within + name
        elif (inner := table_of(field)) and isinstance(value, dict):
            yield from _secrets(value, inner, f"{name}.")


def _meant(nearest: str) -> str:
    return f"; `{nearest}` is the nearest" if nearest else ""
