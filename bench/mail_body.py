"""Bodies that tell what they must be, so that bench-sink can check every byte (bench/sink/message_check.hpp)."""

import zlib

LINE = "x" * 60 + "\n"


def body_of(number, size):
    """About `size` bytes, with "\\n" at the end of lines; no other number has the same."""
    first = f"Message {number} of a benchmark.\n"
    lines = first + LINE * max(0, (size - len(first) - 40) // len(LINE))
    wire = lines.replace("\n", "\r\n").encode()
    return f"{lines}chatear-bench {number} {len(wire)} {zlib.crc32(wire):08x}\n"
