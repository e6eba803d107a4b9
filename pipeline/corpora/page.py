"""The report of `heard data check` as one HTML file with its pictures inside."""

import base64
import io
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from jinja2 import Environment
from matplotlib.figure import Figure

from pipeline.corpora.check import SHORTCUT_LIMIT, Findings, word_counts
from pipeline.domain import Label

mpl.use("Agg")

_PAGE = """<!doctype html>
<html lang="en-GB"><head><meta charset="utf-8"><title>Labelled data checked</title>
<style>body{font:1rem/1.4 Arial,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse}td,th{padding:.3rem .8rem;border-bottom:1px solid #ccc;text-align:right}
th:first-child,td:first-child{text-align:left}img{max-width:100%}li{overflow-wrap:anywhere}</style></head><body>
<h1>Labelled data checked</h1>
<p>{{ rows }} messages, {{ faults | length }} faults, {{ warnings | length }} things to look at.</p>
{% for title, lines in (("Faults", faults), ("To look at", warnings)) if lines %}
<h2>{{ title }}</h2><ul>{% for line in lines[:500] %}<li>{{ line }}</li>{% endfor %}</ul>
{% if lines | length > 500 %}<p>and {{ lines | length - 500 }} more.</p>{% endif %}{% endfor %}
{% for name, table in tables.items() %}<h2>{{ name }}</h2>{{ table | safe }}{% endfor %}
{% for name, picture in pictures.items() %}<h2>{{ name }}</h2>
<img alt="{{ name }}" src="data:image/png;base64,{{ picture }}">{% endfor %}
</body></html>
"""


def write_page(found: Findings, path: Path) -> None:
    """Write the report. The tables hold counts only, never a message's words."""
    pictures, tables = {}, {}
    if "label" in found.table and not [fault for fault in found.faults if "field" in fault]:
        table = found.table
        tables = {
            "Label by channel": pd.crosstab(table["channel"], table["label"], margins=True).to_html(border=0),
            "Label by author": pd.crosstab(table["author"], table["label"], margins=True).to_html(border=0),
        }
        pictures = {"Length by label": _lengths(table), "Topic by label": _topics(table)}
    if found.shortcuts:
        pictures["What gives the label away"] = _shortcuts(found.shortcuts)
    page = Environment(autoescape=True).from_string(_PAGE)
    path.write_text(
        page.render(
            rows=len(found.table), faults=found.faults, warnings=found.warnings, tables=tables, pictures=pictures
        ),
        encoding="utf-8",
    )


def _lengths(table: pd.DataFrame) -> str:
    figure, words = _figure(), word_counts(table)
    axes = figure.subplots()
    axes.boxplot(
        [words[table["label"] == label.value] for label in Label],
        tick_labels=[label.value for label in Label],
        showfliers=False,
    )
    axes.set(ylabel="words")
    return _png(figure)


def _topics(table: pd.DataFrame) -> str:
    figure = _figure(height=8)
    shares = pd.crosstab(table["topic"], table["label"], normalize="index")
    left = pd.Series(0.0, index=shares.index)
    axes = figure.subplots()
    for label in [label.value for label in Label if label.value in shares]:
        axes.barh(shares.index, shares[label], left=left, label=label)
        left += shares[label]
    axes.set(xlabel="share of the topic")
    axes.legend()
    return _png(figure)


def _shortcuts(values: dict[str, float]) -> str:
    figure = _figure(height=2.6)
    axes = figure.subplots()
    axes.barh(list(values), list(values.values()))
    axes.axvline(SHORTCUT_LIMIT, linestyle="--", color="grey")
    axes.set(xlim=(0.45, 1), xlabel="AUC of a model that sees only this")
    return _png(figure)


def _figure(height: float = 4) -> Figure:
    return Figure(figsize=(8, height), layout="constrained")


def _png(figure: Figure) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90)
    return base64.b64encode(buffer.getvalue()).decode()
