"""Where the steps keep their files, below the folder that holds params.yaml."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Places:
    """The files of one training: `root` holds params.yaml and the corpus; results go below `made`, else data/."""

    root: Path
    made: Path | None = None

    @property
    def _made(self) -> Path:
        return self.made or self.root / "data"

    @property
    def raw(self) -> Path:
        """The labelled corpus."""
        return self.root / "data" / "raw"

    @property
    def params(self) -> Path:
        """What training reads."""
        return self.root / "params.yaml"

    @property
    def prepared(self) -> Path:
        """Labelled messages with what the model sees of them."""
        return self._made / "interim" / "prepared.joblib"

    @property
    def estimators(self) -> Path:
        """Fitted estimators, not yet an artefact."""
        return self._made / "interim" / "estimators.joblib"

    @property
    def thresholds(self) -> Path:
        """Thresholds by channel."""
        return self._made / "processed" / "thresholds.json"

    @property
    def metrics(self) -> Path:
        """Metrics of the frozen test."""
        return self._made / "processed" / "metrics.json"

    @property
    def plots(self) -> Path:
        """Pictures of the evaluation."""
        return self._made / "processed" / "plots"

    @property
    def models(self) -> Path:
        """Locally trained models."""
        return self.root / "models" / "local"
