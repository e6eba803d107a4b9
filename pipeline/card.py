"""The model card, in Markdown."""

from collections.abc import Mapping

from pipeline.domain import Thresholds

_TEMPLATE = """# Model {{version}}

Tells complaints from service requests and other messages to UK landlords and councils.

**Use** to route messages to officers. **Not** to refuse, answer or close anything: software refuses nothing.

## The promise
At most {alpha:.0%} of complaints fall below the review threshold {review:.4f}, with confidence {confidence:.0%}, from
{n} calibration complaints of which {k} fall below. It holds as far as new messages resemble the calibration messages
(invented, by authors that training did not see).

## Measured on the frozen test (authors seen by neither training nor thresholds)
| measure | value |
|---|---|
{rows}

## Fair to writers
Measured on the calibration and test authors: training saw neither, thresholds were chosen on the first. What the
columns mean: docs/reference/checks-of-a-model.md.

{fairness}

## Made from
Corpus with SHA-256 `{data}`; {made_from}
All messages are invented; real residents write in more ways than any corpus holds.
"""

_FAST = (
    "words, character n-grams and cues into a logistic regression, calibrated by temperature over author-grouped folds."
)
_WITH_ENCODER = (
    "words, character n-grams and cues into a logistic regression; beside it a sentence encoder (made from "
    "all-mpnet-base-v2, Apache-2.0, by fine-tuning on the corpus; 8-bit matrices); the two stacked by a logistic "
    "regression on training authors from whom neither learned."
)


def model_card(
    pooled: Thresholds, metrics: Mapping[str, float], data_sha256: str, *, fairness: str, encoder: bool
) -> str:
    """The card of one training, with `{version}` left to be filled in."""
    rows = "\n".join(f"| {name.replace('_', ' ')} | {value:.3f} |" for name, value in metrics.items())
    return _TEMPLATE.format(
        alpha=pooled.alpha,
        review=pooled.review,
        confidence=1 - pooled.delta,
        n=pooled.n,
        k=pooled.k,
        rows=rows,
        fairness=fairness,
        data=data_sha256,
        made_from=_WITH_ENCODER if encoder else _FAST,
    )
