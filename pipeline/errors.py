"""What can go wrong, as a small tree.

    HeardError
    ├── InputError            something a person supplied cannot be used
    │   ├── RefusedRow        one message; the others go on
    │   └── UnreadableSource  a whole file or folder
    ├── SettingsError         params.yaml, a profile or an environment variable
    ├── CorpusError           labelled data that breaks its schema
    └── ModelError
        ├── UntrustedModel    hash, version or label order is not what the promoted list says
        ├── NoGuarantee       too few complaints to promise a miss rate
        └── TrackingError     MLflow's server or store does not do what it is asked

Messages are plain sentences that say what to do; they never hold a resident's words.
"""


class HeardError(Exception):
    """Anything heard tells its user in one sentence."""


class InputError(HeardError):
    """Something a person supplied cannot be used."""


class RefusedRow(InputError):
    """One message could not be taken. `source` names the file and mail or row, `line` the line or None.

    `raw` is what is kept for a person, and what `pipeline.read.files.read_again` takes.
    """

    def __init__(self, reason: str, *, source: str, line: int | None = None, raw: bytes = b"") -> None:
        super().__init__(reason)
        self.reason = reason
        self.source = source
        self.line = line
        self.raw = raw

    @property
    def place(self) -> str:
        """The file and the mail, row or line."""
        return self.source if self.line is None else f"{self.source}, line {self.line}"

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


class UnreadableSource(InputError):
    """A whole file or folder could not be used."""


class SettingsError(HeardError):
    """A setting is missing or wrong; the message names the key, never a secret's value."""


class CorpusError(HeardError):
    """Labelled data breaks its schema."""


class ModelError(HeardError):
    """A model cannot be used."""


class UntrustedModel(ModelError):
    """A model folder is not the one that was promoted; nothing in it was loaded."""


class NoGuarantee(ModelError):
    """Too few calibration complaints for the miss rate asked for."""


class TrackingError(ModelError):
    """A run or the registry could not be written; the model itself is kept."""
