"""Every table of the insight page, in its order: the page, its downloads and `heard report` show the same."""

from service.insight import Insight
from service.pages import insight_agreement, insight_traffic, insight_work
from service.pages.insight_table import Table

_ALL = (
    insight_traffic.by_week,
    insight_traffic.by_channel,
    insight_traffic.by_category,
    insight_traffic.said_so,
    insight_traffic.workload,
    insight_work.times,
    insight_work.dates,
    insight_work.by_band,
    insight_work.by_group,
    insight_agreement.agreement,
    insight_agreement.first_against_second,
    insight_work.live,
    insight_work.drift,
)


def tables(found: Insight) -> list[Table]:
    """All of them."""
    return [make(found) for make in _ALL]
