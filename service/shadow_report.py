"""What `heard shadow report` prints."""

from rich.table import Table

from pipeline.console import table_console
from service.shadow import Report
from service.store.model_tables import Outcome


def print_report(found: Report) -> None:
    """What was asked, what would have gone elsewhere, and the largest differences by id."""
    console, run, told = table_console(), found.run, found.outcomes
    until = f"{run.ended_at:%d %b %Y %H:%M}" if run.ended_at else "now"
    console.print(f"{run.version} in the shadow, {run.started_at:%d %b %Y %H:%M} to {until} (UTC)")
    if run.fault:
        console.print(f"It scores nothing: {run.fault}", soft_wrap=True)
    console.print(
        f"{told[Outcome.SCORED]:,} scored, {told[Outcome.FAILED]:,} failed, {told[Outcome.DROPPED]:,} dropped, "
        f"{found.waiting:,} waiting; {found.elsewhere:,} would have gone elsewhere."
    )
    if not found.scored:
        return
    channels = Table("channel", *("messages", "elsewhere", "mean shift", "mean distance"), title_justify="left")
    for name, messages, elsewhere, shift, distance in found.by_channel():
        channels.add_row(name, f"{messages:,}", f"{elsewhere:,}", f"{shift:+.3f}", f"{distance:.3f}")
    console.print(channels)
    if found.elsewhere:
        console.print(_changes(found))
        console.print(_moved(found))


def _changes(found: Report) -> Table:
    table = Table("went to", "would have gone to", "messages")
    for served, route, count in found.changes():
        table.add_row(served, route, f"{count:,}")
    return table


def _moved(found: Report) -> Table:
    table = Table("message", "went to", "would have gone to", "complaint", "challenger")
    for name, served, route, before, after in found.moved:
        table.add_row(name, served, route, f"{before:.3f}", f"{after:.3f}")
    return table
