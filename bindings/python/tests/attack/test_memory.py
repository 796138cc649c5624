"""Wherever the interpreter has no memory left: MemoryError, and nothing is lost or in disorder."""

import importlib.util
import pathlib

import pytest
from attacks import SECONDS, SEED, Attack, Counts

FOLDER = pathlib.Path(__file__).parent
PROGRAM = (FOLDER / "without_memory.py").read_text(encoding="utf-8")
HEAD = f"import sys\nsys.path.append({str(FOLDER)!r})\n"


@pytest.mark.skipif(not importlib.util.find_spec("_testcapi"), reason="this Python cannot be made to run out of memory")
def test_every_allocation_of_every_function_may_fail(attack: Attack, counts: Counts) -> None:
    stride = 1 if SECONDS else 7
    actions, runs, failures, lost = map(int, attack(PROGRAM, SEED, stride, head=HEAD).split())
    assert actions > 100 and failures > 200 and lost < failures / 10
    counts.memory = runs
