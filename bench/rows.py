"""The one table that `./dev bench` prints: as text, as Markdown, or as JSON."""

import dataclasses
import json
import sys

COLUMNS = ("", "here", "beside it, in the same run", "ratio", "to reach", "what limits it")


@dataclasses.dataclass
class Row:
    """One figure, what was measured beside it, and what is asked for.

    `reached` is None where nothing is asked for, or where this run is too small to tell.
    """

    group: str
    what: str
    value: float  # Or a whole number.
    unit: str
    beside: str = ""
    beside_value: float | None = None
    ratio: float | None = None
    target: str = ""
    reached: bool | None = None
    limit: str = ""

    def cells(self):
        beside = self.beside
        if self.beside_value is not None:
            beside = f"{figure(self.beside_value)} {self.unit}: {self.beside}"
        asked = self.target
        if self.target and self.reached is not None:
            asked = f"{self.target}: {'reached' if self.reached else 'NOT reached'}"
        ratio = "" if self.ratio is None else figure(self.ratio)
        return (self.what, f"{figure(self.value)} {self.unit}".strip(), beside, ratio, asked, self.limit)


def figure(value):
    """Three digits that say something, or all before the point."""
    if isinstance(value, int):
        return f"{value:,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def as_text(rows):
    table = [COLUMNS, *(row.cells() for row in rows)]
    widths = [max(len(cells[column]) for cells in table) for column in range(len(COLUMNS) - 1)]
    lines, group = [], None
    for row, cells in zip([None, *rows], table):
        if row is not None and row.group != group:
            group = row.group
            lines.append(group)
        ends = [cell.rjust(width) if column in (1, 3) else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(cells, widths))]
        lines.append(("  " + "  ".join([*ends, cells[-1]])).rstrip())
    return "\n".join(lines)


def as_markdown(rows):
    lines = [f"| {' | '.join(COLUMNS)} |", "|---|---:|---|---:|---|---|"]
    group = None
    for row in rows:
        if row.group != group:
            group = row.group
            lines.append(f"| **{group}** | | | | | |")
        lines.append(f"| {' | '.join(row.cells())} |")
    return "\n".join(lines)


def as_json(rows, machine):
    return json.dumps({"machine": machine, "rows": [dataclasses.asdict(row) for row in rows]}, indent=1)


class Progress:
    """What is being measured, on a terminal only, in one line that is written over."""

    def __init__(self):
        self.shown = sys.stderr.isatty()

    def tell(self, what):
        if self.shown:
            print(f"\r\x1b[K{what} ...", end="", file=sys.stderr, flush=True)

    def end(self):
        if self.shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
