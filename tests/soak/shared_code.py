"""What tests/soak shares with tests/system and tests/torture, wherever it is started from."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "tools"), str(HERE.parent / "system"), str(HERE.parent / "torture")]
