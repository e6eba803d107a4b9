"""How long what a resident wrote is kept, and where copies lie: `HEARD_KEEP_...`."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_settings import NoDecode

from service.periods import Periods

_LONGEST = 36_500


class Keep(BaseModel):
    """Days for each class of the retention schedule; what is open is always kept.

    `closed`: six years from the closing, within which a breach of the tenancy can be sued for (Limitation Act 1980,
    s. 5) and the Ombudsman asked (within 12 months). The others hold no case, only what was recorded.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    no_action_days: int = Field(default=365, ge=1, le=_LONGEST, description="Recorded: praise, information, machines.")
    service_request_days: int = Field(default=730, ge=1, le=_LONGEST, description="Recorded: the service has the job.")
    closed_days: int = Field(default=2_191, ge=1, le=_LONGEST, description="Officers' items, from their closing.")
    settled_days: int = Field(
        default=90,
        ge=1,
        le=_LONGEST,
        description="Quarantined cases, from when they were settled; webhook events, from when they were sent.",
    )
    erase_list: Path = Field(
        default=Path("heard-erasures.jsonl"),
        description="Hashes of erased persons' addresses: keep it apart from the database and its backups.",
    )
    copies: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(), description="Folders with exports or taken-in files, by commas: erasing a person searches them."
    )

    @property
    def periods(self) -> Periods:
        """As a run needs them."""
        return Periods(
            no_action=timedelta(days=self.no_action_days),
            service_request=timedelta(days=self.service_request_days),
            closed=timedelta(days=self.closed_days),
            settled=timedelta(days=self.settled_days),
        )

    @field_validator("copies", mode="before")
    @classmethod
    def _by_commas(cls, given: object) -> object:
        """As an environment variable holds them."""
        return (
            tuple(Path(part.strip()) for part in given.split(",") if part.strip()) if isinstance(given, str) else given
        )

    @field_validator("copies")
    @classmethod
    def _there(cls, folders: tuple[Path, ...]) -> tuple[Path, ...]:
        """A folder that is not there would be searched in vain."""
        for folder in folders:
            if not folder.is_dir():
                raise ValueError(f"HEARD_KEEP_COPIES names {folder}, which is no folder")
        return folders
