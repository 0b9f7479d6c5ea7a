"""All scenarios, in the order in which they run."""

import importlib

MODULES = ["processes", "account_deletion", "clocks", "servers", "disks", "databases", "streams", "cluster", "network", "syscalls"]


def scenarios():
    return [scenario for module in MODULES for scenario in importlib.import_module(module).SCENARIOS]
