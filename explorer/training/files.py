"""Files that are either whole or absent, and readers that believe nothing: no pickle, no NaN.

Tensors lie in safetensors files, all else in JSON. Uploads and files on disk pass the same checks.
"""

from __future__ import annotations

import json
import math
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import Any, NoReturn

import torch
from safetensors import SafetensorError, deserialize
from safetensors.torch import save
from torch import Tensor

from explorer.registry import shown

MIB = 1 << 20
MAX_TENSOR_BYTES = 64 * MIB
MAX_HEADER_BYTES = MIB
MAX_JSON_BYTES = MIB
MAX_JSON_DEPTH = 16

DTYPES = {
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F32": torch.float32,
    "F64": torch.float64,
    "U8": torch.uint8,
    "I8": torch.int8,
    "I16": torch.int16,
    "I32": torch.int32,
    "I64": torch.int64,
}
"""What a stored tensor may be made of, by its name in the file."""
FORMATS = ", ".join(DTYPES)
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)  # linear, even where the last quote lacks
NOT_FINITE = "holds values that are not finite (NaN or infinity)"


class DamagedFile(ValueError):
    """A file that cannot be used as it stands; the message says what is wrong in plain words."""


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` at `path` so that a reader, or a crash, meets the old file or the new one whole.

    Raises OSError (full disk, read-only folder) and then leaves the old file as it was.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")
    try:
        with open(partial, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        with suppress(OSError):  # the first error is the one to tell
            partial.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Let the names in `folder` survive a power cut, where folders can be opened (not Windows)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def tensor_bytes(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """A safetensors file in memory; ValueError for what `read_tensors` would refuse."""
    plain = {  # copies, since safetensors refuses tensors that share their memory
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    for name, tensor in plain.items():
        if tensor.dtype not in DTYPES.values():
            raise ValueError(f"{name!r} is in {tensor.dtype}; choose one of {FORMATS}")
        if not _is_finite(tensor):
            raise ValueError(f"{name!r} {NOT_FINITE}; keep the last state that was finite instead")
    data = save(plain, dict(metadata) or None)  # safetensors 0.8 garbles {} without tensors
    if (header := int.from_bytes(data[:8], "little")) > MAX_HEADER_BYTES:
        raise ValueError(f"names and metadata take {header:,} bytes; keep to {MAX_HEADER_BYTES:,}")
    return data


def save_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors and their metadata as one safetensors file, atomically.

    Raises ValueError for values that are not finite, so that whatever is saved can be read again.
    """
    write_atomically(path, tensor_bytes(tensors, metadata))


def read_tensors(
    source: Path | bytes,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    max_bytes: int = MAX_TENSOR_BYTES,
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of a safetensors file, on the CPU.

    With `shapes` the file must hold exactly these names in these shapes, in float32 as networks
    are. Sizes are checked before anything is read. Raises DamagedFile with the reason, and OSError
    where the file exists and cannot be reached.
    """
    data = _read(source, max_bytes)
    _check_header(data)
    try:
        entries = deserialize(data)  # checks that the tensors tile the rest of the file exactly
    except SafetensorError as error:
        reason = str(error)[:200]
        raise DamagedFile(f"the file is cut short or its header is wrong ({reason})") from error
    tensors = {name: _tensor(name, entry) for name, entry in entries}
    if shapes is not None:
        _check_shapes(tensors, shapes)
    return tensors, _metadata(data[8 : 8 + int.from_bytes(data[:8], "little")])


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata of a safetensors file alone, its tensors unread; fails as `read_tensors`."""
    _check_size(path, MAX_TENSOR_BYTES)
    with open(path, "rb") as file:
        head = file.read(8)
        _check_header(head)
        return _metadata(file.read(int.from_bytes(head, "little")))


def json_bytes(value: Any) -> bytes:
    """`value` as JSON; ValueError for NaN, infinities, and whatever `read_json` would refuse."""
    data = json.dumps(value, allow_nan=False, indent=1, sort_keys=True).encode()
    read_json(data)
    return data


def read_json(source: Path | bytes | str, max_bytes: int = MAX_JSON_BYTES) -> Any:
    """What a JSON file, upload or string holds: finite numbers, at most `MAX_JSON_DEPTH` levels.

    Raises DamagedFile with the reason, and OSError where a file exists and cannot be reached.
    """
    if isinstance(source, str):
        source = source.encode(errors="surrogatepass")  # half a surrogate fails in the decoding
    data = _read(source, max_bytes)
    try:
        text = data.decode()
        brackets = re.findall(r"[\[\]{}]", QUOTED.sub("", text))
        if max(accumulate(1 if b in "[{" else -1 for b in brackets), default=0) > MAX_JSON_DEPTH:
            raise DamagedFile(f"the JSON is nested deeper than {MAX_JSON_DEPTH} levels")
        return json.loads(text, parse_constant=_refuse_number, parse_float=_finite)
    except DamagedFile:
        raise
    except ValueError as error:  # not UTF-8, not JSON, or an integer of thousands of digits
        raise DamagedFile(f"the file is not JSON ({error})") from error


def _check_size(source: Path | bytes, max_bytes: int) -> None:
    if isinstance(source, bytes):
        size = len(source)
    elif not source.is_file():
        raise DamagedFile(f"{source.name} is {'not a file' if source.exists() else 'missing'}")
    else:
        size = source.stat().st_size
    if size == 0:
        raise DamagedFile("the file is empty")
    if size > max_bytes:
        raise DamagedFile(f"the file has {size:,} bytes; at most {max_bytes:,} are accepted")


def _read(source: Path | bytes, max_bytes: int) -> bytes:
    _check_size(source, max_bytes)
    if isinstance(source, bytes):
        return source
    with open(source, "rb") as file:
        return file.read(max_bytes)  # no more than was checked, should it grow meanwhile


def _metadata(header: bytes) -> dict[str, str]:
    fields = read_json(header, MAX_HEADER_BYTES)
    found = fields.get("__metadata__") or {} if isinstance(fields, dict) else None
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise DamagedFile("the file is not safetensors: its metadata are not strings by name")
    return found


def _check_header(data: bytes) -> None:
    if data.startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        raise DamagedFile(
            "the file is a pickle or a zip, as torch.save writes them; these can run code and are "
            "never opened: save it with safetensors instead"
        )
    if len(data) < 8:
        raise DamagedFile("the file is cut short: it lacks even its header")
    if (header := int.from_bytes(data[:8], "little")) > MAX_HEADER_BYTES:
        raise DamagedFile(
            f"the file is not safetensors, or its header is too large ({header:,} bytes; "
            f"at most {MAX_HEADER_BYTES:,})"
        )


def _tensor(name: str, entry: Mapping[str, Any]) -> Tensor:
    shape, data = entry["shape"], entry["data"]
    if (dtype := DTYPES.get(entry["dtype"])) is None:
        raise DamagedFile(f"{shown(name)} is in {entry['dtype']}, not in one of {FORMATS}")
    if math.prod(max(size, 1) for size in shape) > 1 << 40:  # [0, 2⁶³] has no bytes, yet overflows
        raise DamagedFile(f"{shown(name)} has the impossible shape {shown(shape)}")
    flat = torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
    tensor = flat.reshape(shape)
    if not _is_finite(tensor):
        raise DamagedFile(f"{shown(name)} {NOT_FINITE}")
    return tensor


def _is_finite(tensor: Tensor) -> bool:
    return not tensor.is_floating_point() or bool(tensor.isfinite().all())


def _check_shapes(tensors: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]]) -> None:
    if missing := sorted(set(shapes) - set(tensors)):
        raise DamagedFile(f"the file lacks {', '.join(missing)}")
    if surplus := sorted(set(tensors) - set(shapes)):
        given = ", ".join(map(shown, surplus[:5]))
        raise DamagedFile(f"the file holds {given}, which are not wanted")
    for name, shape in shapes.items():
        found = tensors[name]
        if tuple(found.shape) != tuple(shape):
            raise DamagedFile(f"{name} has the shape {tuple(found.shape)} instead of {shape}")
        if found.dtype != torch.float32:
            raise DamagedFile(f"{name} is in {found.dtype} instead of float32")


def _refuse_number(word: str) -> NoReturn:
    raise DamagedFile(f"the JSON holds {word[:40]}; every number must be finite")


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        _refuse_number(text)
    return number
