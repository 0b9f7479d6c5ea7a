"""What processes take of the processors, and of memory."""

import os
import pathlib

from dev_stack.process import children, stat_fields

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """Of the process and all that descend from it; those that have ended are in their parents' sums (proc(5), cutime)."""
    ticks = 0
    for one in children(pid):
        fields = stat_fields(one)
        if fields is not None:
            ticks += sum(int(number) for number in fields[11:15])
    return ticks / TICKS


def peak_memory_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def machine_seconds():
    """(busy, all) processor seconds since boot."""
    numbers = [int(number) for number in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = numbers[3] + numbers[4]
    return (sum(numbers) - idle) / TICKS, sum(numbers) / TICKS


class CpuSplit:
    """Who took the processors from now on; `pids` is name -> pids. Processes that start later are added as they do."""

    def __init__(self, pids):
        self.before = {name: sum(map(cpu_seconds, found)) for name, found in pids.items()}
        self.pids = dict(pids)
        self.machine = machine_seconds()

    def add(self, name, pids):
        self.before[name] = 0.0
        self.pids[name] = pids

    def seconds(self):
        return {name: sum(map(cpu_seconds, found)) - self.before[name] for name, found in self.pids.items()}

    def busy(self):
        """The share of the machine's processors that was in use, by whomever."""
        busy, whole = machine_seconds()
        return (busy - self.machine[0]) / max(whole - self.machine[1], 1 / TICKS)
