"""`heard data doubts` and `heard data next`: which labels to look at again, and which messages to label next."""

import json
from pathlib import Path
from typing import Annotated

import typer

Count = Annotated[int, typer.Option("--count", "-n", min=1, help="How many at most.")]


def doubts(
    path: Annotated[Path, typer.Argument(help="A JSON Lines file in the schema of data/raw, or a folder of them.")],
    count: Count = 50,
    beside: Annotated[
        Path | None, typer.Option(help="A folder of labelled data to learn from as well, such as data/raw.")
    ] = None,
) -> None:
    """List labels that are likely mistakes, the likeliest first. Nothing is changed: two people look again."""
    from pipeline import doubts as use_case
    from pipeline.corpus import of_split, read_corpus, read_more
    from pipeline.preprocess import prepare

    rows = read_corpus(path) if path.is_dir() else read_more(path)
    known = of_split(read_corpus(beside), "train") if beside else []
    together = [*rows, *known]
    asked = {row.message.id for row in rows}
    every = use_case.doubts(together, [prepare(row.message).text for row in together], seed=0)
    found = [doubt for doubt in every if doubt.message_id in asked]
    for doubt in found[:count]:
        print(f"{doubt.message_id}: labelled {doubt.label}, rather {doubt.rather} (by {doubt.margin:.2f})")
    print(f"{len(found):,} of {len(rows):,} labels are doubted.")


def choose_next(
    paths: Annotated[list[str], typer.Argument(help="Messages as for `heard score`, - for standard input.")],
    count: Count = 50,
    model: Annotated[Path | None, typer.Option(help="A model folder; the one that serves if left out.")] = None,
) -> None:
    """Print the messages that would teach the model most, as JSON Lines: doubtful, and unlike each other."""
    import numpy as np

    from pipeline.classify import MessageClassifier
    from pipeline.console import errors
    from pipeline.domain import Message
    from pipeline.doubts import next_to_label, uncertainty
    from pipeline.preprocess import prepare
    from pipeline.read.files import read_paths

    classifier = MessageClassifier.open(model, "hos-2024")
    items = list(read_paths(paths, channel=None))
    messages = [item for item in items if isinstance(item, Message)]
    for item in items:
        if not isinstance(item, Message):
            errors.print(str(item))
    prepared = [prepare(message) for message in messages]
    if messages:
        found = [(each.complaint, each.service_request, each.other) for each in classifier.predict(prepared)]
        lines = [classifier.manifest.thresholds_for(message.channel) for message in messages]
        places = next_to_label(prepared, uncertainty(np.array(found), lines), count, seed=0)
        for place in places:
            message = messages[place]
            row = {"id": message.id, "text": message.text, "channel": message.channel.value}
            print(json.dumps({**row, "subject": message.subject, "complaint": round(found[place][0], 4)}))
    raise typer.Exit(1 if len(messages) < len(items) else 0)
