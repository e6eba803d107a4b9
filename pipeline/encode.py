"""The sentence encoder that serves: ONNX in onnxruntime, one message at a time, no torch.

A batch, padded or of rows of equal length, would change the last digits and be no faster. So every message is run
alone, on one thread, and several messages side by side: the same words give the same logits, whatever stands beside
them.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from pipeline.domain import Label

TOKENS = 192
"""Tokens the encoder reads at once; a longer message is read by windows that overlap by half."""

_SLOWER = ["SkipLayerNormFusion"]
"""Rearrangements that onnxruntime makes and that cost time: adding before a normalisation is quicker by itself."""


class Encoder:
    """Texts -> logits of shape (texts, 3), in the order of `Label`. Picklable: holds the model and tokeniser files.

    So many texts are read `side_by_side`: one a core, unless there is a process for each core already.
    """

    side_by_side = cpu_count() or 1

    def __init__(self, model: bytes, tokenizer: str) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self._open()

    def __getstate__(self) -> dict[str, Any]:
        return {"model": self.model, "tokenizer": self.tokenizer}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """One row a text; of a long text the window that reads most like a complaint (one limb is enough)."""
        if len(texts) == 1 or self.side_by_side == 1:
            return np.array([self._of_text(text) for text in texts])
        with ThreadPoolExecutor(self.side_by_side) as pool:
            return np.array(list(pool.map(self._of_text, texts))).reshape(len(texts), len(Label))

    def _open(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            self.model, options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER
        )
        self._words = Tokenizer.from_str(self.tokenizer)
        self._words.no_padding()
        self._words.enable_truncation(TOKENS, stride=TOKENS // 2)

    def _of_text(self, text: str) -> np.ndarray:
        whole = self._words.encode(text)
        rows = np.array([self._of_window(window.ids) for window in (whole, *whole.overflowing)])
        return np.asarray(rows[complaint_odds(rows).argmax()])

    def _of_window(self, ids: Sequence[int]) -> np.ndarray:
        given = {"input_ids": np.array([ids], dtype=np.int64)}
        return np.asarray(self._session.run(["logits"], given)[0][0], dtype=np.float64)


def complaint_odds(logits: np.ndarray) -> np.ndarray:
    """Log odds of complaint against the rest, from logits of shape (rows, 3)."""
    return np.asarray(logits[:, 0] - np.logaddexp(logits[:, 1], logits[:, 2]))
