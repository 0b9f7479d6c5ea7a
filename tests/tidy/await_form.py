"""One await a statement, on names: what else g++ 12.2 makes of an await is wrong code (docs/coroutines.md)."""

import re

from source_text import code_only, line_of

PARENTHESES = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
HEAD = re.compile(
    r"^(?:(?:case (?:[^:;]|::)+|default):(?!:)|else\b|(?:if|for|while)\s*" + PARENTHESES + r")\s*"
)
FORM = re.compile(r"^(?:co_return\s+|\(void\)\s*|[^(){}?=]+=\s*)?co_await\s[^{}?]*$", re.S)


def statement_around(code, position):
    start, depth = position, 0
    while start and depth >= 0 and (depth or code[start - 1] not in ";{}"):
        start -= 1
        depth += {")": 1, "(": -1}.get(code[start], 0)
    statement = code[start : code.find(";", position)].strip()
    while head := HEAD.match(statement):
        statement = statement[head.end() :]
    return statement


def check_await_form(path, text):
    code = code_only(text)
    for found in re.finditer(r"\bco_await\b", code):
        statement = statement_around(code, found.start())
        if not FORM.match(statement):
            yield line_of(code, found.start()), f"one await a statement, on names: {' '.join(statement.split())[:60]}"
