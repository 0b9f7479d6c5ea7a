"""Adds up the results that test programs left as JUnit XML under a folder, as one closing line."""

import pathlib
import sys
from xml.etree import ElementTree


def totals(folder):
    """(passed, failed, skipped) over all result files below `folder`."""
    run = failed = skipped = 0
    for path in sorted(pathlib.Path(folder).rglob("*.xml")):
        if "results" not in str(path.relative_to(folder)):
            continue
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            run += 1
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
            elif case.find("skipped") is not None or case.get("status") == "notrun":
                skipped += 1
    return run - failed - skipped, failed, skipped


if __name__ == "__main__":
    print("{} passed, {} failed, {} skipped".format(*totals(sys.argv[1])))
