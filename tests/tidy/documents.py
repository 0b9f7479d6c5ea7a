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
