"""The commit a training names says whether what it learned from is in it."""

from pathlib import Path

import pytest
from git import Actor, Repo

from pipeline.commit import commit_of

SOMEONE = Actor("A. Khan", "a.khan@example.org")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "data" / "raw").mkdir(parents=True)
    (tmp_path / "data" / "raw" / "a01.jsonl").write_text("{}\n")
    (tmp_path / "params.yaml").write_text("model: {}\n")
    (tmp_path / ".gitignore").write_text("data/local/\n")
    repository = Repo.init(tmp_path)
    repository.index.add([".gitignore", "params.yaml", "data/raw/a01.jsonl"])
    repository.index.commit("first", author=SOMEONE, committer=SOMEONE)
    return tmp_path


def test_a_clean_checkout_is_its_commit(checkout: Path) -> None:
    (checkout / "notes.txt").write_text("no input of a training")
    assert commit_of(checkout) == Repo(checkout).head.commit.hexsha


@pytest.mark.parametrize("name", ["params.yaml", "data/raw/a01.jsonl", "data/raw/never-added.jsonl"])
def test_an_input_that_differs_from_the_commit_is_told(checkout: Path, name: str) -> None:
    (checkout / name).write_text("changed\n")
    assert commit_of(checkout) == f"{Repo(checkout).head.commit.hexsha}+changes"


def test_outside_of_git_there_is_no_commit(tmp_path: Path) -> None:
    assert commit_of(tmp_path) == ""
