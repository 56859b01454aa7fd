"""Values that no control can use, as somebody may put them into a link."""

from __future__ import annotations

from typing import Any

UNUSABLE: dict[str, Any] = {
    "a word": "abc",
    "nothing": "",
    "NaN": "nan",
    "infinity": "inf",
    "minus infinity": "-inf",
    "overflow": "1e999",
    "too low": "-1e9",
    "too high": "1e9",
    "long": "9" * 5000,
    "unicode": "☃\u202e🌀\x00",
    "markup": "<script>alert(1)</script>",
    "markdown": "**b** $x$ :red[x] `c` [l](http://127.0.0.1)",
    "list": "[1, 2]",
    "hexadecimal": "0x1f",
    "repeated": ["abc", "def"],
}
