"""Words that do not stand in our code, each with what stands instead."""

import re

from includes import folder_of
from source_text import code_only, line_of

# (pattern, what instead, folders where it may stand)
BANNED = [
    (r"\bco_spawn\b", "net::TaskGroup", {"net"}),
    (r"\b(steady|system|high_resolution|deadline)_timer\b", "net::Deadline or net::sleep_for", {"net"}),
    (r"\b(cancellation_(signal|slot|state)|bind_cancellation_slot|reset_cancellation_state)\b", "net::Deadline", {"net"}),
    (r"\bdetached\b", "net::TaskGroup: somebody owns every task", set()),
    (r"\bawaitable_operators\b", "net::Deadline: || waits for one success", set()),
    (r"\bparallel_group\b", "net::TaskGroup (asio#1332)", set()),
    (r"\bexperimental::(basic_)?(concurrent_)?channel\b", "net::Queue (asio#1236)", set()),
    (r"\bsteady_clock\b", "net::now() and net::Moment, which a simulation can turn", {"net", "base", "admin"}),
    (r"\bcancel_after\b", "net::Deadline: newer than Boost 1.81", set()),
    (r"\bstd::(cout|cerr|clog)\b", "chatear::log", {"admin", "apps", "examples"}),
    (r"\bassert\s*\(", "CHATEAR_ASSERT: checked in release too", set()),
    (r"\bstd::(thread|jthread|mutex|async|condition_variable)\b", "one thread; coroutines", set()),
    (r"\bthis_thread::sleep", "net::sleep_for", set()),
    (r"(?<!secure_)\bgetenv\b", "SettingsReader", {"base"}),
    (r"\busing namespace std\s*;", "the name with std::", set()),
    (r"\bstd::(format|expected|print)\b", "not in g++ 12", set()),
]
# In comments and documents as well.
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
VAGUE_FILE = re.compile(r"(^|_)(utils?|helpers?|commons?|misc|types|manager|impl)\.[a-z]+$")
MACHINE_PATH = re.compile(r"(?<![\w.])/work/|/home/\w+/")


def check_words(path, text):
    folder = folder_of(path)
    if folder is None:
        return
    code = code_only(text)
    for pattern, instead, folders in BANNED:
        if folder in folders:
            continue
        for found in re.finditer(pattern, code):
            yield line_of(code, found.start()), f"{found[0].strip()}: instead, {instead}"


def check_text(path, text):
    if path.startswith("tests/tidy/"):
        return
    for found in UNFINISHED.finditer(text):
        yield line_of(text, found.start()), f"{found[0]}: finish it, or open an issue"
    for found in MACHINE_PATH.finditer(text):
        yield line_of(text, found.start()), f"a path of one machine: {found[0]}"


def check_file_name(path, text):
    name = path.split("/")[-1]
    if VAGUE_FILE.search(name):
        yield 1, f"{name} says nothing: name the file after its one idea"
