"""Fetch MNIST or CIFAR-10 from where they are published, whole or not at all.

    python -m explorer.data.download mnist --to FOLDER

A download that was cut goes on where it was. Sources, sizes and SHA-256 as TensorFlow Datasets
publishes them (`url_checksums/mnist.txt` and `cifar10.txt`): MNIST from its mirror at the CVDF,
CIFAR-10 in its authors' binary version, which unlike the Python one is no pickle.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import os
import shutil
import sys
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from explorer.data.image_files import CIFAR_BINARY, RECORDS, TEST_RECORDS, TRAIN_RECORDS

CHUNK = 1 << 18
TRIES = 4
TIMEOUT = 30.0
"""Seconds without a byte after which a connection counts as cut."""

Progress = Callable[[int, int], None]
"""(bytes there, bytes in all)."""


class DownloadFailed(ValueError):
    """What was asked for did not arrive; the message says why and what to do."""


@dataclass(frozen=True)
class Source:
    """One file to fetch: its address, its size in bytes, its SHA-256, and where it belongs."""

    url: str
    size: int
    sha256: str
    place: str


@dataclass(frozen=True)
class Published:
    """The files of a set; of an archive, the folder that it holds and its members' size."""

    sources: tuple[Source, ...]
    archive: str = ""

    @property
    def size(self) -> int:
        return sum(source.size for source in self.sources)


def _mnist(name: str, size: int, sha256: str) -> Source:
    url = f"https://storage.googleapis.com/cvdf-datasets/mnist/{name}"
    return Source(url, size, sha256, f"MNIST/raw/{name}")


SETS: dict[str, Published] = {
    "mnist": Published(
        (
            _mnist(
                "train-images-idx3-ubyte.gz",
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            _mnist(
                "train-labels-idx1-ubyte.gz",
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            _mnist(
                "t10k-images-idx3-ubyte.gz",
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            _mnist(
                "t10k-labels-idx1-ubyte.gz",
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        )
    ),
    "cifar10": Published(
        (
            Source(
                "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
                170_052_171,
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                "cifar-10-binary.tar.gz",
            ),
        ),
        archive=CIFAR_BINARY,
    ),
}
"""By entry of `PICTURE_SETS`."""


def download(
    name: str,
    folder: Path,
    progress: Progress = lambda done, total: None,
    sets: Mapping[str, Published] = SETS,
) -> None:
    """Put the set `name` into `folder`; what lies there already is left as it is.

    Raises ValueError for an unknown name, DownloadFailed where something does not arrive, does not
    match its checksum, or cannot be written. What arrived stays as `*.partial` for the next try.
    """
    if name not in sets:
        raise ValueError(f"{name!r} cannot be fetched; choose one of {', '.join(sets)}")
    published, before = sets[name], 0
    try:
        if published.archive and (folder / published.archive).is_dir():
            return
        for source in published.sources:
            path = folder / source.place
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                fetch(source, path, _after(before, published.size, progress))
            before += source.size
            progress(before, published.size)
        if published.archive:
            archive = folder / published.sources[0].place
            unpack(archive, folder, published.archive)
            archive.unlink()
    except OSError as error:
        raise DownloadFailed(f"{folder} cannot be written ({error}); choose another") from error


def _after(before: int, total: int, progress: Progress) -> Progress:
    return lambda done, _: progress(before + done, total)


def fetch(source: Source, path: Path, progress: Progress) -> None:
    """Put one file at `path`, atomically; a `.partial` beside it is gone on with.

    A connection that is cut is taken up again as often as `TRIES`. Raises DownloadFailed.
    """
    partial = path.with_name(path.name + ".partial")
    problem = ""
    for _ in range(TRIES):
        try:
            _append(source, partial, progress)
            break
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            problem = str(error)
    else:
        there = partial.stat().st_size if partial.exists() else 0
        raise DownloadFailed(
            f"{source.url} cannot be fetched ({problem}); {there:,} of {source.size:,} bytes are "
            f"there. Check the network and try again, it goes on from there; or put the file at "
            f"{path} yourself"
        )
    found = _sha256(partial)
    if found != source.sha256:
        partial.unlink()
        raise DownloadFailed(
            f"{source.url} has SHA-256 {found}, not {source.sha256}: it was damaged on its way or "
            "replaced, and was thrown away; try again"
        )
    os.replace(partial, path)


def _append(source: Source, partial: Path, progress: Progress) -> None:
    """Add to `partial` what it lacks; OSError where the connection ends before that."""
    there = partial.stat().st_size if partial.exists() else 0
    if there > source.size:
        partial.unlink()
        there = 0
    if there == source.size:
        return
    headers = {"User-Agent": "diffusion-explorer"} | ({"Range": f"bytes={there}-"} if there else {})
    request = urllib.request.Request(source.url, headers=headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        if answer.status != http.client.PARTIAL_CONTENT:
            there = 0  # a server that knows no ranges begins anew
        elif not answer.headers.get("Content-Range", "").startswith(f"bytes {there}-"):
            raise OSError(f"it sent {answer.headers.get('Content-Range')!r} for byte {there:,} on")
        with open(partial, "ab" if there else "wb") as file:
            while there < source.size and (data := answer.read(min(CHUNK, source.size - there))):
                file.write(data)
                there += len(data)
                progress(there, source.size)
    if there < source.size:
        raise ConnectionError(f"the connection was cut after {there:,} bytes")


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpack(archive: Path, folder: Path, inside: str) -> None:
    """The records of CIFAR-10 from a tar archive into `folder`/`inside`, which appears whole.

    Only files of the names and the size that belong there are read, whatever else it holds. Raises
    DownloadFailed where one is missing.
    """
    partial = folder / f".{inside}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for name in (*TRAIN_RECORDS, *TEST_RECORDS):
                member = tar.getmember(f"{inside}/{name}")
                source = tar.extractfile(member)
                if source is None or member.size != RECORDS:
                    raise DownloadFailed(f"{name} in {archive} is no file of {RECORDS:,} bytes")
                with open(partial / name, "wb") as file:
                    shutil.copyfileobj(source, file)
        os.replace(partial, folder / inside)
    except (KeyError, tarfile.TarError, EOFError) as error:
        raise DownloadFailed(f"{archive} is not CIFAR-10's archive ({error})") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def main(arguments: Sequence[str] | None = None) -> None:
    name = "python -m explorer.data.download"
    parser = argparse.ArgumentParser(prog=name, description=__doc__)
    parser.add_argument("name", choices=SETS, help="what to fetch")
    parser.add_argument("--to", type=Path, default=Path("data"), help="folder of the data sets")
    options = parser.parse_args(arguments)

    def tell(done: int, total: int) -> None:
        print(f"\r{options.name}: {done / total:4.0%} of {total / 1e6:.0f} MB", end="", flush=True)

    download(options.name, options.to, tell)
    print(f"\n{options.name} is in {options.to}; set EXPLORER_DATA={options.to} for the pages")


if __name__ == "__main__":
    try:
        main()
    except ValueError as error:
        sys.exit(f"\nerror: {error}")
