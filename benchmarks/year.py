"""`make year`: simulated years of traffic, reviews, monthly retraining and live figures, one a seed.

A council's 10,000 messages a month come from authors that the first model did not learn from; each message of the
corpus occurs in one month only (often: it is drawn with replacement). Months 1 to 6 hold the everyday part without one
topic. From month 7 on 40 % come from new authors, of the hard part (understated, sarcastic), and the topic occurs.
Officers read what is routed to them and the blind sample, and are wrong 5 % of the time, whatever the message; a
complaint found in the blind sample is dealt with by another officer, and where those differ a third decides.

Three ways of going on are compared on the same traffic: never retrain; retrain monthly on reviews alone, without blind
sample and gate, the review threshold chosen on reviews as if they were any messages; retrain monthly with both, the
threshold chosen as heard does: by the exact rule on authors set apart, lowered where the reviews, a find of the sample
weighing 1 / share, ask for it, and no higher than before unless the live interval lies below what was promised. The
model is a fast one: words and cues in a logistic regression, its vocabulary fitted once over all text (it sees no
labels). What differs from seed to seed is which messages come when, the blind sample and the officers' slips.
"""

import argparse
import time
from pathlib import Path

import joblib

from benchmarks.year_report import draw, print_year, print_years
from benchmarks.year_world import DRIFT, World, a_year
from pipeline.judging import Example
from pipeline.params import load_params
from pipeline.steps.places import Places
from pipeline.steps.prepare import run as prepare_corpus

CHECKOUT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Run the years and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--volume", type=int, default=10_000, help="messages a month")
    parser.add_argument("--share", type=float, default=0.02, help="share drawn for the blind sample")
    parser.add_argument("--seed", type=int, default=20261128, help="the first seed")
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds in a row")
    parser.add_argument("--prepared", type=Path, help="messages prepared before (joblib), to save half a minute")
    options = parser.parse_args()
    began, places = time.monotonic(), Places(root=CHECKOUT)
    if options.prepared is None:
        prepare_corpus(places)
    examples: list[Example] = joblib.load(options.prepared or places.prepared)
    world = World(examples, load_params(places.params))
    print(
        f"python -m benchmarks.year --volume {options.volume} --share {options.share} --seed {options.seed} "
        f"--seeds {options.seeds}; alpha {world.alpha}; starts from {len(world.start):,} messages; "
        f"drift from month {DRIFT}"
    )
    years = []
    for seed in range(options.seed, options.seed + options.seeds):
        years.append(a_year(world, seed, options.volume, options.share))
        print_year(years[-1], seed)
    print_years(years)
    draw(years, world.alpha, CHECKOUT / "docs" / "pictures" / "year.png")
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
