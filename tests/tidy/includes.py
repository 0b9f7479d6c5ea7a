"""Includes point one way, and each library is known in one folder."""

import re

from source_text import line_of

ADAPTERS = {"nats", "postgres", "redis", "smtp", "http"}
MAY_INCLUDE = {
    "base": set(),
    "net": {"base"},
    **{adapter: {"base", "net"} for adapter in ADAPTERS},
    "mail": {"base"},
    "runtime": {"base", "net"} | ADAPTERS,
    "notification": {"base", "net", "mail", "runtime"} | ADAPTERS,
}
MAY_INCLUDE["deletion"] = MAY_INCLUDE["notification"] | {"notification"}
MAY_INCLUDE["admin"] = MAY_INCLUDE["deletion"] | {"deletion"}
MAY_INCLUDE["apps"] = MAY_INCLUDE["admin"] | {"admin"}
MAY_INCLUDE["examples"] = MAY_INCLUDE["admin"]

# Where a header of a library may be named; an empty set: in tests only.
LIBRARIES = {
    r"libpq-fe\.h": {"postgres"},
    r"hiredis/": {"redis"},
    r"(kainjow/)?mustache\.hpp": {"mail"},
    r"boost/beast": {"http"},
    r"boost/asio/ssl": {"net"},
    r"CLI/": {"admin"},
    r"prometheus/": {"runtime"},
    r"spdlog/": {"base"},
    r"idn2\.h": {"mail"},
    r"nats(/nats)?\.h": set(),
    r"gmime/": set(),
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">]+)[">]', re.M)


def folder_of(path):
    """src/smtp/reply.hpp -> smtp; apps/...: apps; None for what has no arrows (tests, src/*.cpp)."""
    parts = path.split("/")
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    return parts[0] if parts[0] in ("apps", "examples") else None


def check_arrows(path, text):
    folder = folder_of(path)
    if folder is None:
        return
    if folder not in MAY_INCLUDE:
        yield 1, f"folder {folder} has no arrows yet: add it to tests/tidy/includes.py"
        return
    for found in INCLUDE.finditer(text):
        target = found[2].split("/")[0]
        if found[1] == '"' and "/" in found[2] and target != folder and target not in MAY_INCLUDE[folder]:
            yield line_of(text, found.start()), f"{folder}/ may not include {target}/ ({found[2]})"


def check_libraries(path, text):
    folder = folder_of(path)
    if folder is None:
        return
    for found in INCLUDE.finditer(text):
        for library, folders in LIBRARIES.items():
            if re.match(library, found[2]) and folder not in folders:
                where = f"only in src/{'/, src/'.join(sorted(folders))}/" if folders else "only in tests"
                yield line_of(text, found.start()), f"{found[2]} is included {where}"
