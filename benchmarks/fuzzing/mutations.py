"""Bytes changed where it hurts: a reader's own structure is kept, so that its depths are reached.

Every change is a function of the bytes and a source of random numbers.
"""

from __future__ import annotations

import gzip
import json
import re
import struct
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

Mutation = Callable[[bytes, Random], bytes]

NASTY: tuple[Any, ...] = (
    *(0, -1, 1, 2, 255, 2**31, 2**53, 2**63, 2**64, 10**30, 10**400, -(10**400)),
    *(0.0, -0.0, 0.5, 1e-320, 1e-38, 1e38, 1.7e308, -1.7e308, True, False, None),
    *("", "nan", "inf", "-inf", "1e999", "0x1f", "١٢٣", "½", "1_000", "9" * 5000, "abc"),
    *("../../etc/passwd", "/etc/passwd", "..%2f..", "C:\\x", "a\x00b", "☃\u202e🌀", "\ud83d"),
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "![x](http://127.0.0.1/x)"),
    *("**b** $x$ :red[x]", "{{7*7}}", "__proto__", "constructor", "${x}", "%s%n", "=1+1"),
    *([], {}, [[]], [0] * 50, {"a": {}}, [[1, 2], [3]], ["a", 1, None]),
)
"""Values that one kind of reader or another has stumbled over."""

_WORDS = tuple(value.encode("utf-8", "replace") for value in NASTY if isinstance(value, str))
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def of_bytes(data: bytes, rng: Random) -> bytes:
    """Some bytes set, cut, doubled, or replaced by a nasty word."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        place = rng.randrange(len(found) + 1)
        match rng.randrange(6):
            case 0 if found:
                found[place % len(found)] = rng.randrange(256)
            case 1 if found:
                found[place % len(found)] ^= 1 << rng.randrange(8)
            case 2:
                del found[place : place + rng.choice((1, 4, 64, 4096))]
            case 3:
                length = rng.choice((1, 8, 256))
                found[place:place] = found[place : place + length] * rng.choice((1, 2, 50))
            case 4:
                found[place:place] = rng.choice(_WORDS)
            case _:
                size = rng.choice((1, 2, 4, 8))
                value = rng.choice((0, 1, 2**7, 2**15, 2**31, 2**63 - 1, 2**64 - 1))
                found[place : place + size] = (value % 256**size).to_bytes(size, "little")
    return bytes(found)


def of_text(data: bytes, rng: Random) -> bytes:
    """A number replaced by another one, a line or a word moved, doubled or lost."""
    match rng.randrange(5):
        case 0:
            numbers = list(_NUMBER.finditer(data))
            if numbers:
                at = rng.choice(numbers)
                text = str(rng.choice(NASTY)).encode("utf-8", "replace")
                return data[: at.start()] + text + data[at.end() :]
        case 1:
            lines = data.split(b"\n")
            place = rng.randrange(len(lines))
            lines[place : place + 1] = [lines[place]] * rng.choice((0, 2, 3, 40))
            return b"\n".join(lines)
        case 2:
            lines = data.split(b"\n")
            rng.shuffle(lines)
            return b"\n".join(lines)
        case 3:
            place = rng.randrange(len(data) + 1)
            return data[:place] + rng.choice(_WORDS) + data[place:]
    return of_bytes(data, rng)


def of_json(data: bytes, rng: Random) -> bytes:
    """One value of a JSON text replaced, one member lost, added or named otherwise."""
    try:
        value = json.loads(data)
    except ValueError:
        return of_text(data, rng)
    if rng.random() < 0.1:
        return of_text(data, rng)
    for _ in range(rng.choice((1, 1, 2, 3))):
        value = changed(value, rng)
    return json.dumps(value, ensure_ascii=rng.random() < 0.5).encode("utf-8", "replace")


def changed(value: Any, rng: Random) -> Any:
    """`value` with one change somewhere inside it."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        found = dict(value)
        name = rng.choice(list(found))
        match rng.randrange(8):
            case 0:
                del found[name]
            case 1:
                found[str(rng.choice(NASTY))] = found[name]
            case 2:
                found[rng.choice(list(found))] = found[name]
            case _:
                found[name] = changed(found[name], rng)
        return found
    if isinstance(value, list) and value and rng.random() < 0.9:
        items = list(value)
        place = rng.randrange(len(items))
        match rng.randrange(6):
            case 0:
                del items[place]
            case 1:
                items *= rng.choice((0, 2, 100))
            case _:
                items[place] = changed(items[place], rng)
        return items
    if isinstance(value, str) and rng.random() < 0.3 and value[:1] in "[{":
        return of_json(value.encode("utf-8", "replace"), rng).decode("utf-8", "replace")
    if isinstance(value, int | float) and not isinstance(value, bool) and rng.random() < 0.4:
        return value * rng.choice((-1, 0, 2, 10, 1000)) + rng.choice((0, 1, -1))
    return rng.choice(NASTY)


def of_safetensors(data: bytes, rng: Random) -> bytes:
    """The length, the JSON header or the numbers of a safetensors file changed."""
    if len(data) < 8 or rng.random() < 0.1:
        return of_bytes(data, rng)
    length = int.from_bytes(data[:8], "little")
    header, body = data[8 : 8 + length], data[8 + length :]
    match rng.randrange(6):
        case 0:
            length = rng.choice((0, 1, (length + 1) % 2**64, 2**20, 2**31, 2**63, 2**64 - 1))
            return length.to_bytes(8, "little") + header + body
        case 1:
            body = of_bytes(body, rng)
        case 2:
            special = struct.pack("<f", rng.choice((0.0, -1.0, 1e-38, 1e38, float("nan"))))
            place = 4 * rng.randrange(len(body) // 4 + 1)
            body = body[:place] + special * rng.choice((1, 8)) + body[place + 4 :]
        case _:
            header = of_json(header, rng)
    return len(header).to_bytes(8, "little") + header + body


def of_png(data: bytes, rng: Random) -> bytes:
    """One chunk of a PNG changed, doubled or lost, its checksum set right again."""
    if not data.startswith(b"\x89PNG") or rng.random() < 0.2:
        return of_bytes(data, rng)
    chunks, place = [], 8
    while place + 12 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        chunks.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + size]))
        place += 12 + size
    if not chunks:
        return of_bytes(data, rng)
    k = rng.randrange(len(chunks))
    name, body = chunks[k]
    match rng.randrange(5):
        case 0:
            chunks[k : k + 1] = [(name, body)] * rng.choice((0, 2))
        case 1 if name == b"IHDR" and len(body) >= 8:
            sides = (rng.choice((0, 1, 4096, 4097, 65535, 2**31 - 1)) for _ in range(2))
            chunks[k] = (name, struct.pack(">II", *sides) + body[8:])
        case 2:
            text = b"k\0" + rng.choice(_WORDS)
            chunks.insert(k, (rng.choice((b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"iCCP")), text))
        case 3 if name == b"IDAT":
            chunks[k] = (name, zlib.compress(bytes(rng.choice((0, 10, 2_000_000))), 1))
        case _:
            chunks[k] = (name, of_bytes(body, rng))
    parts = [
        len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")
        for name, body in chunks
    ]
    return data[:8] + b"".join(parts)


def of_gzip(data: bytes, rng: Random) -> bytes:
    """What a gzipped file holds changed, or the file itself."""
    if rng.random() < 0.3:
        return of_bytes(data, rng)
    try:
        return gzip.compress(of_bytes(gzip.decompress(data), rng), 1)
    except (OSError, EOFError, zlib.error):
        return of_bytes(data, rng)


def of_npy(data: bytes, rng: Random) -> bytes:
    """The header of a .npy file changed, its length set right again or not."""
    if not data.startswith(b"\x93NUMPY") or len(data) < 10 or rng.random() < 0.2:
        return of_bytes(data, rng)
    length = int.from_bytes(data[8:10], "little")
    header, body = data[10 : 10 + length], data[10 + length :]
    words = (b"'|O'", b"'<f8'", b"'<U9'", b"'>i8'", b"'<c16'", b"True", b"False", b"(2,)", b"()")
    shapes = (b"(-1,)", b"(99999999999,)", b"(0, 2)", b"(2, 3, 4)", b"(1, 2)", b"(4, 2)", b"'V8'")
    part = rng.choice((rb"'[<>|=]\w+'", rb"True|False", rb"\([^)]*\)"))
    word = rng.choice(words + shapes)
    header = re.sub(part, lambda _: word, header, count=1)
    if rng.random() < 0.3:
        header = of_bytes(header, rng)
    size = rng.choice((len(header),) * 4 + (0, 65535))
    return data[:8] + size.to_bytes(2, "little") + header + body
