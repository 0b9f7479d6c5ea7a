"""What a person at a terminal sees meanwhile; nobody else does."""

import shutil
import sys
import time

last = 0.0


def say(text):
    """On the same line as before, a few times a second at most."""
    global last
    if not sys.stderr.isatty() or time.monotonic() < last + 0.2:
        return
    last = time.monotonic()
    width = shutil.get_terminal_size().columns - 1
    sys.stderr.write(f"\r\033[K{text[:width]}")
    sys.stderr.flush()


def clear():
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()
