"""How tests that run side by side are shared out (pytest-xdist, --dist loadgroup)."""

import pytest


def pytest_collection_modifyitems(items):
    """A file's tests stay together, as it may have servers for all of them; scenarios have nothing in common."""
    for item in items:
        group = item.nodeid if item.path.parent.name == "torture" else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
