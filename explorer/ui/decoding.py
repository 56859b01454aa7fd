"""What the text of a link means to a control, as pure functions: a usable value, and a note.

They never fail: whatever stands in a link, there is a value to go on with.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from explorer.registry import Param

Value = float | int

QUOTED = 40
"""The most characters of somebody else's text that a note repeats."""


def plain(text: str) -> str:
    """Somebody else's text made fit to be quoted: one line, printable, at most 40 characters."""
    line = "".join(c if c.isprintable() else "�" for c in text[: QUOTED + 1])
    return line if len(line) <= QUOTED else line[: QUOTED - 1] + "…"


def refuse(key: str, raw: Sequence[str], used: str, way_out: str) -> str:
    """The note for a link parameter that cannot be used."""
    given = "&".join(f"{key}={plain(text)}" for text in raw[:3])
    return f"{given} in the link is not usable; {used} is used. {way_out}"


def number(
    param: Param, key: str, raw: Sequence[str], start: Value, stops: Sequence[Value]
) -> tuple[Value, str]:
    """The value that a slider takes from the texts `raw` under `key`, and a note, empty if good.

    start: the slider's default.  stops: the only values of a select slider.
    """
    used = start
    try:
        value = param.checked(raw[0])
        if len(raw) == 1 and (not stops or raw[0] in {short(stop) for stop in stops}):
            return value, ""
    except ValueError:
        if param.is_integer and len(raw) == 1:
            used = _truncated(param, raw[0], start)
    return used, refuse(key, raw, short(used), way_out(param, stops))


def whole(param: Param, key: str, raw: str, start: int) -> tuple[int, str]:
    """The whole number that a field takes from `raw`, and a note, empty if good."""
    try:
        return int(param.checked(raw)), ""
    except ValueError:
        return start, refuse(key, [raw], str(start), way_out(param, ()))


def choice(names: Sequence[str], key: str, raw: str, default: str) -> tuple[str, str]:
    """One of `names`, and a note, empty if `raw` is one of them."""
    if raw in names:
        return raw, ""
    return default, refuse(key, [raw], default, f"Give one of {', '.join(names)}.")


def series(param: Param, start: Value) -> tuple[Value, ...]:
    """The values of a select slider, or none where an even slider serves."""
    if param.choices:
        return param.choices
    if param.is_integer or param.low <= 0 or param.high / param.low < 200:
        return ()
    low, high = math.floor(math.log10(param.low)), math.ceil(math.log10(param.high))
    mantissas = (1, 1.5, 2, 3, 4, 5, 6, 8)
    found = {float(f"{m}e{power}") for power in range(low, high + 1) for m in mantissas}
    inside = {v for v in found if param.low <= v <= param.high}
    return tuple(sorted(inside | {float(param.low), float(param.high), float(start)}))


def short(value: Value) -> str:
    """A value as links write it."""
    return f"{value:g}"


def _truncated(param: Param, raw: str, start: Value) -> Value:
    """What Streamlit makes of a decimal number where a whole one is due."""
    try:
        return param.checked(int(float(raw)))
    except (ValueError, OverflowError):
        return start


def way_out(param: Param, stops: Sequence[Value]) -> str:
    """What a link may give for this parameter."""
    if stops:
        texts = [short(stop) for stop in stops]
        if len(texts) > 10:
            texts = [*texts[:4], "…", *texts[-4:]]
        return f"Give one of the slider's values: {', '.join(texts)}."
    kind = "a whole number" if param.is_integer else "a number"
    return f"Give {kind} from {param.low:g} to {param.high:g}."
