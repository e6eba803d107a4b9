"""Where the steps keep their files, below the folder that holds params.yaml."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.params import load_params


@dataclass(frozen=True, kw_only=True)
class Places:
    """The files of one training: `root` holds params.yaml and the corpus; results go below `made`, else data/.

    `more` is a file to learn from beside the corpus and those that params.yaml names.
    """

    root: Path
    made: Path | None = None
    more: Path | None = None

    @property
    def _made(self) -> Path:
        return self.made or self.root / "data"

    @property
    def raw(self) -> Path:
        """The labelled corpus."""
        return self.root / "data" / "raw"

    @property
    def authors(self) -> Path:
        """Who wrote the corpus, a row an author."""
        return self.root / "data" / "authors.csv"

    @property
    def params(self) -> Path:
        """What training reads."""
        return self.root / "params.yaml"

    @property
    def also(self) -> list[Path]:
        """What is learned from beside the corpus; a split never changes by it, and the frozen test least of all."""
        named = [self.root / name for name in load_params(self.params).data.also]
        return named if self.more is None else [*named, self.more]

    @property
    def prepared(self) -> Path:
        """Labelled messages with what the model sees of them."""
        return self._made / "interim" / "prepared.joblib"

    @property
    def encoders(self) -> Path:
        """Pretrained sentence encoders, a folder each, where no hub is to be asked."""
        return self.root / "data" / "local" / "encoders"

    @property
    def teacher(self) -> Path:
        """The fine-tuned teacher."""
        return self._made / "interim" / "teacher"

    @property
    def soft_labels(self) -> Path:
        """What the teacher says of each training message."""
        return self._made / "processed" / "soft_labels.csv"

    @property
    def soft_sentences(self) -> Path:
        """What the teacher says of each sentence of them."""
        return self._made / "processed" / "soft_sentences.csv"

    @property
    def fast(self) -> Path:
        """The fast model's fitted estimators."""
        return self._made / "interim" / "fast.joblib"

    @property
    def encoder(self) -> Path:
        """The encoder that serves."""
        return self._made / "interim" / "encoder.joblib"

    @property
    def estimators(self) -> Path:
        """Fitted estimators, fast model and encoder together, not yet an artefact."""
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
    def predictions(self) -> Path:
        """What the model says of each message of the frozen test, by id."""
        return self._made / "interim" / "predictions.csv"

    @property
    def fairness(self) -> Path:
        """Miss rate and false flags by group of writers, of authors that training did not see."""
        return self._made / "processed" / "fairness.json"

    @property
    def evaluation(self) -> Path:
        """The numbers behind the pictures and tables of a model's page."""
        return self._made / "processed" / "evaluation.json"

    @property
    def plots(self) -> Path:
        """Pictures of the evaluation."""
        return self._made / "processed" / "plots"

    @property
    def released(self) -> Path:
        """Released models, and below them those trained here."""
        return self.root / "models"

    @property
    def models(self) -> Path:
        """Locally trained models."""
        return self.root / "models" / "local"
