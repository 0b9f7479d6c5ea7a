import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import shared_code  # noqa: E402, F401 (finds what tests/system and tests/torture have)
