"""How often a change that leaves a message what it is changes what the model says of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from random import Random

from pipeline.domain import Channel, Decision, Message
from pipeline.metrics import Figure, share
from pipeline.perturb import Kind, Perturbation
from pipeline.policy import SEEN
from pipeline.tables import markdown_table

Classify = Callable[[Sequence[Message]], Sequence[Decision]]

AIMS = {Kind.FORMATTING: 0.01, Kind.SLIPS: 0.03, Kind.ADDITION: 0.03, Kind.INSTRUCTION: 0.03}
"""Share of labels that may change, by what is done to the message."""


@dataclass(frozen=True, kw_only=True)
class Robustness:
    """What one perturbation did to the messages it changed: `flips` is the share whose label became another,
    `lost` the share of those an officer would have seen that no officer sees any more.
    """

    perturbation: Perturbation
    flips: Figure
    lost: Figure

    @property
    def verdict(self) -> str:
        """Whether the aim is met; `unclear` where the interval holds values on both sides of it."""
        aim = AIMS[self.perturbation.kind]
        if self.flips.high < aim:
            return "met"
        return "unclear" if self.flips.low < aim else "not met"


def changed_sample(
    messages: Sequence[Message], perturbation: Perturbation, *, rows: int, seed: int
) -> list[tuple[Message, Message]]:
    """At most `rows` messages, each before and after the perturbation, drawn from those that it changes."""
    able = [message for message in messages if message.channel is Channel.EMAIL or not perturbation.mail_only]
    shuffled = Random(seed).sample(able, len(able))  # noqa: S311  # no secret
    pairs = ((message, perturbed(message, perturbation, seed=seed)) for message in shuffled)
    return list(islice((pair for pair in pairs if pair[0] != pair[1]), rows))


def perturbed(message: Message, perturbation: Perturbation, *, seed: int) -> Message:
    """The message after the perturbation; the same for the same seed, whatever stands around it."""
    draw = Random(f"{seed} {perturbation.name} {message.id}")  # noqa: S311  # no secret
    subject = perturbation.change(message.subject, draw) if perturbation.touches_subject else message.subject
    return replace(message, text=perturbation.change(message.text, draw), subject=subject)


def measure(
    pairs: Sequence[tuple[Message, Message]],
    before: Mapping[str, Decision],
    perturbation: Perturbation,
    classify: Classify,
) -> Robustness:
    """What `classify` says of the messages after the perturbation against what it said `before`, by message id."""
    after = classify([changed for _, changed in pairs])
    both = [(before[message.id], new) for (message, _), new in zip(pairs, after, strict=True)]
    seen = [(old, new) for old, new in both if old.route in SEEN]
    return Robustness(
        perturbation=perturbation,
        flips=share(sum(old.label is not new.label for old, new in both), len(both)),
        lost=share(sum(new.route not in SEEN for _, new in seen), len(seen)),
    )


def robustness_table(results: Sequence[Robustness]) -> str:
    """A row a perturbation, in Markdown."""
    return markdown_table(
        ("change", "kind", "labels flipped", "aim", "aim met", "lost to officers"),
        [
            (
                result.perturbation.name,
                result.perturbation.kind.value,
                result.flips,
                f"< {AIMS[result.perturbation.kind]:.0%}",
                result.verdict,
                result.lost,
            )
            for result in results
        ],
    )
