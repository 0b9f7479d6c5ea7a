"""A result of a soak for people."""


def number(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.1f}"


def show(result):
    for name, value in result.items():
        if name not in ("series", "complaints"):
            print(f"{name:36}{words(value)}")
    if result.get("series"):
        print(f"\n{'medians of the quarters':52}{'1st':>10}{'2nd':>10}{'3rd':>10}{'4th':>10}{'allowed':>10}{'most':>10}")
        for name, one in result["series"].items():
            cells = [*one["medians"], one["allowed"], one["most"]]
            print(f"{name:52}" + "".join(f"{number(value):>10}" for value in cells) + ("  GROWS" if one["grows"] else ""))
    for complaint in result["complaints"]:
        print(f"BROKEN: {complaint}")
    if not result["complaints"]:
        print("\nnothing grows, nothing is lost, nothing came twice uncounted" if result.get("series") else "\nall bounds held")


def words(value):
    if isinstance(value, dict):
        return ", ".join(f"{name} {words(inner)}" for name, inner in value.items())
    return number(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
