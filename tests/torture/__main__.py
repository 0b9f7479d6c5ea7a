"""`./dev torture`: runs scenarios one after the other and says what became of each."""

import argparse
import dataclasses
import json
import os
import sys
import time

from progress import clear
from run import Failed, run_scenario
from scenarios import scenarios

COLUMNS = ("faults", "accepted", "mails", "lost", "second copies", "counted", "copies a fault", "seconds")


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev torture", description="Real faults on real servers and workers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="these scenarios only")
    parser.add_argument("--long", action="store_true", help="at full scale: hours")
    parser.add_argument("--json", action="store_true", help="one JSON object a scenario")
    parser.add_argument("--list", action="store_true", help="name the scenarios and what they do, run none")
    parser.add_argument("--keep", action="store_true", help="keep the logs also of scenarios that did not fail")
    parser.add_argument("--preset", default="release")
    parser.add_argument("--kills", type=int, help="so many, where a scenario kills")
    parser.add_argument("--mails", type=int, help="so many, where a scenario counts them")
    arguments = parser.parse_args()
    known = {scenario.name for scenario in scenarios()}
    for name in arguments.names:
        if name not in known:
            parser.error(f"'{name}' is not known: {', '.join(sorted(known))}")
    return arguments


def show_list():
    for scenario in scenarios():
        said = (scenario.run.__doc__ or "").strip().splitlines()[:1]
        print(f"{scenario.name:30} {'' if scenario.short else '(--long only) '}{''.join(said)}")


def row(name, figures, verdict):
    cells = "".join(f"{figure:>{max(9, len(column) + 2)}}" for figure, column in zip(figures, COLUMNS))
    return f"{name:30}{cells}  {verdict}".rstrip()


def figures(found):
    return (found.faults, found.accepted, found.mails, len(found.lost), len(found.second_copies), found.counted,
            f"{found.copies_a_fault():.2f}", f"{found.seconds:.1f}")


class Report:
    """What is printed as each scenario ends."""

    def __init__(self, as_json):
        self.as_json = as_json
        if not as_json:
            print(row("scenario", COLUMNS, ""), flush=True)

    def ended(self, found, complaints, kept):
        verdict = "FAILED" if complaints else "ok"
        if self.as_json:
            self._object(**dataclasses.asdict(found), complaints=complaints, verdict=verdict, logs=kept and str(kept))
            return
        notes = ", ".join(f"{name} {value}" for name, value in found.notes.items())
        print(row(found.scenario, figures(found), verdict + (f" ({notes})" if notes else "")), flush=True)
        for complaint in complaints:
            print(f"    {complaint}", flush=True)
        if kept:
            print(f"    logs: {kept}", flush=True)

    def other(self, name, verdict, why, seconds=0.0):
        if self.as_json:
            self._object(scenario=name, verdict=verdict, reason=why, seconds=round(seconds, 1))
            return
        print(row(name, ["-"] * (len(COLUMNS) - 1) + [f"{seconds:.1f}"], f"{verdict}: {why}"), flush=True)

    @staticmethod
    def _object(**fields):
        print(json.dumps(fields), flush=True)


def run_one(scenario, arguments, report):
    """Whether its promises were kept."""
    changed = {name: value for name in ("kills", "mails") if (value := getattr(arguments, name)) is not None}
    scale = scenario.scale(arguments.long, **changed)
    if scale is None:
        report.other(scenario.name, "skipped", "it runs only " + ("without --long" if arguments.long else "with --long"))
        return True
    missing = scenario.missing()
    if missing:
        report.other(scenario.name, "skipped", missing)
        return True
    began = time.monotonic()
    try:
        found, kept = run_scenario(scenario, scale, arguments.preset, arguments.keep)
    except Failed as failed:
        clear()
        report.other(scenario.name, "FAILED", str(failed), time.monotonic() - began)
        return False
    clear()
    complaints = found.complaints()
    report.ended(found, complaints, kept)
    return not complaints


def main():
    arguments = parse_arguments()
    if arguments.list:
        show_list()
        return 0
    report = Report(arguments.json)
    chosen = [scenario for scenario in scenarios() if not arguments.names or scenario.name in arguments.names]
    kept = [run_one(scenario, arguments, report) for scenario in chosen]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
