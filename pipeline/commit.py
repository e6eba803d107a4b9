"""The commit that a training was made from."""

import os
from pathlib import Path

os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # without git on this machine there is no commit to name

from git import Repo  # must come after that
from git.exc import GitError  # as above

_INPUTS = ("pipeline", "params.yaml", "data/raw")


def commit_of(folder: Path) -> str:
    """The commit's hash, with `+changes` where code, parameters or corpus differ from it; empty outside of git."""
    try:
        repository = Repo(folder, search_parent_directories=True)
        changed = any(
            repository.is_dirty(path=str((folder / name).resolve()), untracked_files=True) for name in _INPUTS
        )
        commit = repository.head.commit.hexsha
    except (GitError, ValueError, OSError):  # no repository, no commit yet, not ours, no git
        return ""
    return f"{commit}+changes" if changed else commit
