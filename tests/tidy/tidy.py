#!/usr/bin/python3
"""Checks every file of this project against the rules in this folder; ./dev tidy runs it."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from await_form import check_await_form
from documents import check_links, check_reliability, check_source_rows, check_threats
from includes import check_arrows, check_libraries
from lengths import check_file_length, check_function_length
from words import check_file_name, check_text, check_words

CPP_RULES = [
    check_await_form,
    check_arrows,
    check_libraries,
    check_words,
    check_file_length,
    check_function_length,
    check_file_name,
]


def own_files(root):
    """What git knows or would add, as paths from `root`."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root, check=True, capture_output=True
    ).stdout.decode()
    return [path for path in sorted(set(listed.split("\0"))) if path and (root / path).is_file()]


def violations(root, paths):
    """(path, line, message) for each."""
    for path in paths:
        try:
            text = (root / path).read_text()
        except UnicodeDecodeError:
            continue  # A fuzz corpus may be any bytes.
        rules = CPP_RULES if path.endswith((".cpp", ".hpp")) else []
        if not path.startswith("tests/fuzz/corpus/"):
            rules = [*rules, check_text, lambda path, text: check_links(path, text, root)]
        for rule in rules:
            for line, message in rule(path, text):
                yield path, line, message
    yield from check_source_rows(root)
    yield from check_threats(root)
    yield from check_reliability(root)


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    found = list(violations(root, own_files(root)))
    for path, line, message in found:
        print(f"{path}:{line}: {message}")
    print(f"tidy: {len(found)} violations" if found else "tidy: ok")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
