"""`./dev bench growth`: what a longer backlog and a second process change."""

from contenders import Ours
from mail_load import must_be_whole, report_of, start_tool
from rows import Row
from world import World, median_ratio, middle

GROUP = "how a backlog's rate grows (mail server: bench-sink with PIPELINING only)"
FULL = {"few": 10_000, "many": 100_000, "most": 1_000_000, "growth_rounds": 3}
QUICK = {"few": 3_000, "many": 10_000, "most": 30_000, "growth_rounds": 1}
MEMORY_COUNT = 1_000_000


def drain(folder, sizes, count, processes=1):
    """The rate is that of the arrivals, first to last: of few e-mails the start would be a part that many do not feel."""
    with World(folder) as world:
        sink, port = start_tool("bench-sink", folder, "--no-chunking")
        try:
            run = world.drain(Ours(), sink, port, count, sizes["bytes"], sizes["settings"], processes=processes)
            report = report_of(sink)
        finally:
            sink.stop()
    must_be_whole(report, count)
    run.seconds = report["seconds"]
    return run


def measure(folder, sizes, tell):
    few, many, most = sizes["few"], sizes["many"], sizes["most"]
    runs = {"few": [], "many": [], "two": [], "most": []}
    for number in range(sizes["growth_rounds"]):
        for name, count, processes in (("few", few, 1), ("many", many, 1), ("two", many, 2)):
            tell(f"growth: {count:,} wait, {processes} process(es), round {number + 1}")
            runs[name].append(drain(folder / f"{name}-{number}", sizes, count, processes))
    tell(f"growth: {most:,} wait")
    runs["most"].append(drain(folder / "most", sizes, most))
    tell(f"growth: {few:,} wait, once more")
    runs["few"].append(drain(folder / "few-after", sizes, few))  # So that what is compared stood before and behind.
    found = {name: middle(some) for name, some in runs.items()}
    against = found["few"].rate
    whole = most >= MEMORY_COUNT
    two = median_ratio(runs["two"], runs["many"])
    longest = found["most"].rate / against
    peak = found["most"].peak_mib
    hundred = max(run.peak_mib for run in runs["many"])
    return [
        Row(GROUP, f"{few:,} wait", against, "/s", "what the next two are compared with", limit=found["few"].limit()),
        Row(GROUP, f"{many:,} wait", found["many"].rate, "/s", f"{few:,} wait", against, found["many"].rate / against,
            limit=found["many"].limit()),
        Row(GROUP, f"{most:,} wait", found["most"].rate, "/s", f"{few:,} wait", against, longest, "0.95", longest >= 0.95 if whole else None,
            found["most"].limit()),
        Row(GROUP, f"peak memory, {most:,} wait", peak, "MiB", f"{many:,} wait", hundred, peak / hundred, "at most 32 MiB",
            peak <= 32 if whole else None),
        Row(GROUP, f"two processes, {many:,} wait", found["two"].rate, "/s", "one process", found["many"].rate, two, "0.95", two >= 0.95,
            found["two"].limit()),
    ]
