"""How long a file and a function may be."""

import re

from source_text import code_only, line_of

FILE_LINES = 300
TEST_FILE_LINES = 400
FUNCTION_LINES = 45
SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")
TAIL = re.compile(r"(\)|\}|\b(const|noexcept|override|final|try)|->[^;{}()]*)$")
PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", re.M)


def check_file_length(path, text):
    allowed = TEST_FILE_LINES if path.startswith("tests/") else FILE_LINES
    lines = text.count("\n")
    if lines > allowed:
        yield allowed, f"{lines} lines; {allowed} are allowed: a file has one idea"


def kind_of_block(head):
    """What `head`, the code since the last `;` or brace, begins: scope, body, or another list in braces."""
    head = re.sub(r"<[^<>]*>", "", head).rstrip()
    ends_as_function = TAIL.search(head)
    if SCOPE.search(head) and not ends_as_function:
        return "scope"
    return "body" if ends_as_function else "list"


def functions(text):
    """(first line, last line, name) of each outermost function body."""
    code = PREPROCESSOR.sub(lambda match: "\n" * match[0].count("\n"), code_only(text))
    stack, head_start = [], 0
    for position, character in enumerate(code):
        if character == "{":
            inside = any(kind == "body" for kind, _ in stack)
            stack.append(("list" if inside else kind_of_block(code[head_start:position]), head_start))
            head_start = position + 1
        elif character == "}" and stack:
            kind, start = stack.pop()
            if kind == "body":
                head = code[start:position].lstrip()
                name = re.search(r"([~\w:]+)\s*\(", head)
                yield line_of(code, position - len(head)), line_of(code, position), name[1] if name else "?"
            # A member's braces in a constructor's list belong to the head of its body.
            head_start = start if kind == "list" else position + 1
        elif character == ";":
            head_start = position + 1


def check_function_length(path, text):
    if not path.startswith(("src/", "apps/")):
        return
    for first, last, name in functions(text):
        lines = last - first + 1
        if lines > FUNCTION_LINES:
            yield first, f"{name} has {lines} lines; {FUNCTION_LINES} are allowed"
