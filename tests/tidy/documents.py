"""Documents that name what exists, and nothing else."""

import pathlib
import re

from source_text import line_of

ROW = re.compile(r"^\| `(\w+)/` \|", re.M)
LINK = re.compile(r"\[[^\]\n]*\]\(([^)#\s]+)(?:#[^)\s]*)?\)")


def check_source_rows(root):
    """src/README.md has one row a folder of src/ that holds code."""
    readme = root / "src" / "README.md"
    rows = ROW.findall(readme.read_text()) if readme.exists() else []
    folders = sorted(folder.name for folder in (root / "src").iterdir() if any(folder.glob("*.[ch]pp")))
    for name in folders:
        if rows.count(name) != 1:
            yield "src/README.md", 1, f"{name}/ has {rows.count(name)} rows, not one"
    for name in rows:
        if name not in folders:
            yield "src/README.md", 1, f"the row {name}/ is of no folder"


def check_links(path, text, root):
    """Links between our own files lead somewhere."""
    if not path.endswith(".md"):
        return
    folder = (root / path).parent
    for found in LINK.finditer(text):
        target = found[1]
        if "://" not in target and not target.startswith("mailto:") and not (folder / pathlib.Path(target)).exists():
            yield line_of(text, found.start()), f"a link to {target}, which is not there"


CODE_SPAN = re.compile(r"`([^`]+)`")
FILE = re.compile(r"(src|tests)/\S+\.(cpp|hpp|py)")


def is_test_in(name, path, text):
    """Whether the text of a test file has a test of that name."""
    shape = rf"^def {name}\(" if path.endswith(".py") else rf"^(TYPED_)?TEST(_F|_P)?\(\s*\w+,\s*{name}\s*\)"
    return re.search(shape, text, re.M) is not None


def check_threats(root):
    """docs/security.md names a source and a test for each threat, and all of them are there."""
    page = "docs/security.md"
    text = (root / page).read_text() if (root / page).exists() else ""
    table = text.partition("\n## Threats\n")[2].partition("\n## ")[0]
    first = text.count("\n", 0, text.find(table)) + 1 if table else 1
    rows = 0
    for line, row in enumerate(table.split("\n"), first):
        cells = [cell.strip() for cell in row.split("|")[1:-1]]
        if len(cells) != 3 or cells[0] == "threat" or cells[0].startswith(("---", "**")):
            continue
        rows += 1
        for what, cell in (("source", cells[1]), ("test", cells[2])):
            named = CODE_SPAN.findall(cell)
            if not any(FILE.fullmatch(name) for name in named):
                yield page, line, f"no {what} is named for: {cells[0]}"
            yield from ((page, line, message) for message in missing(root, named, what == "test"))
    if rows == 0:
        yield page, 1, "its table of threats has no rows"


def missing(root, named, tests):
    """What of these files, and of the tests that stand behind theirs, is not there."""
    path, text, found = None, "", True
    for name in named:
        if FILE.fullmatch(name):
            if tests and not found:
                yield f"no test of {path} is named"
            path = name
            text = (root / path).read_text() if (root / path).is_file() else None
            found = text is None or path.startswith("tests/fuzz/")
            if text is None:
                yield f"{path} is not there"
        elif tests and path is not None and text is not None:
            found = True
            if not is_test_in(name, path, text):
                yield f"{path} has no test {name}"
    if tests and not found:
        yield f"no test of {path} is named"


def check_reliability(root):
    """The tests that the tables of docs/reliability.md name are there."""
    page = "docs/reliability.md"
    text = (root / page).read_text() if (root / page).exists() else ""
    tests = 0
    for line, row in enumerate(text.split("\n"), 1):
        if not row.startswith("|"):
            continue
        for cell in row.split("|")[1:-1]:
            named = CODE_SPAN.findall(cell)
            tests += sum(1 for name in named if FILE.fullmatch(name))
            yield from ((page, line, message) for message in missing(root, named, True))
    if tests == 0:
        yield page, 1, "its tables name no tests"
