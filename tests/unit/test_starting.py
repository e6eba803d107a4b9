import gc

import pytest

from pipeline.starting import starting


def test_garbage_is_looked_for_again_after_the_start_and_what_was_loaded_is_left_alone() -> None:
    before = gc.get_freeze_count()
    try:
        with starting():
            assert not gc.isenabled()
            loaded = [[number] for number in range(100)]
        assert gc.isenabled()
        assert gc.get_freeze_count() > before + len(loaded)
    finally:
        gc.unfreeze()


def test_garbage_is_looked_for_again_after_a_start_that_failed() -> None:
    with pytest.raises(OSError, match="no model"), starting():
        raise OSError("no model")
    gc.unfreeze()
    assert gc.isenabled()
