"""Downloads from a server on this machine: cut, resumed, damaged, refused, and never half there."""

import hashlib
import http.server
import io
import tarfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch

from explorer.data import download as fetching
from explorer.data.download import DownloadFailed, Published, Source, download, unpack
from explorer.data.images import PICTURE_SETS, load

BODY = torch.randint(0, 256, (700_001,), generator=torch.Generator().manual_seed(0)).byte().numpy()
BODY = BODY.tobytes()


@dataclass
class Served:
    """What the server does, and the Range of every request that it has seen."""

    body: bytes = BODY
    ranges: bool = True
    cuts: list[int] = field(default_factory=list)  # after how many bytes to close, one a request
    asked: list[str | None] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(served: Served):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            served.asked.append(wanted)
            if self.path != "/file.gz":
                self.send_error(404)
                return
            start = int(wanted[6:-1]) if wanted and served.ranges else 0
            self.send_response(206 if start else 200)
            if start:
                whole = len(served.body)
                self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
            self.send_header("Content-Length", str(len(served.body) - start))
            self.end_headers()
            part = served.body[start:]
            self.wfile.write(part[: served.cuts.pop(0)] if served.cuts else part)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}/file.gz"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def sets_of(served: Served, body: bytes = BODY) -> dict[str, Published]:
    checksum = hashlib.sha256(body).hexdigest()
    return {"set": Published((Source(served.url, len(body), checksum, "raw/file.gz"),))}


def test_a_file_arrives_whole_with_its_progress_and_is_not_fetched_again(tmp_path):
    told = []
    with serving(Served()) as served:
        download("set", tmp_path, lambda *now: told.append(now), sets_of(served))
        assert (tmp_path / "raw" / "file.gz").read_bytes() == BODY
        download("set", tmp_path, sets=sets_of(served))
    assert served.asked == [None]
    assert told == sorted(told)
    assert told[-1] == (len(BODY), len(BODY))
    assert len(told) >= 3
    assert [path.name for path in (tmp_path / "raw").iterdir()] == ["file.gz"]


def test_a_cut_connection_is_taken_up_where_it_ended(tmp_path):
    with serving(Served(cuts=[300_000, 200_000])) as served:
        download("set", tmp_path, sets=sets_of(served))
    assert served.asked == [None, "bytes=300000-", "bytes=500000-"]
    assert (tmp_path / "raw" / "file.gz").read_bytes() == BODY


def test_what_arrived_before_a_failure_is_gone_on_with_the_next_time(tmp_path):
    partial = tmp_path / "raw" / "file.gz.partial"
    with serving(Served(cuts=[100, 100, 100, 100])) as served:
        with pytest.raises(DownloadFailed, match="400 of 700,001 bytes are there"):
            download("set", tmp_path, sets=sets_of(served))
        assert partial.read_bytes() == BODY[:400]
        assert not (tmp_path / "raw" / "file.gz").exists()
        download("set", tmp_path, sets=sets_of(served))
    assert served.asked[-1] == "bytes=400-"
    assert (tmp_path / "raw" / "file.gz").read_bytes() == BODY
    assert not partial.exists()


def test_a_server_without_ranges_sends_all_of_it_again(tmp_path):
    with serving(Served(ranges=False, cuts=[123_456])) as served:
        download("set", tmp_path, sets=sets_of(served))
    assert served.asked == [None, "bytes=123456-"]
    assert (tmp_path / "raw" / "file.gz").read_bytes() == BODY


@pytest.mark.parametrize("there", [len(BODY), len(BODY) + 5])
def test_a_damaged_beginning_or_a_wrong_file_is_thrown_away(there, tmp_path):
    """A partial file of other bytes cannot be told before its end; then it goes, and the next try
    succeeds."""
    place = tmp_path / "raw"
    place.mkdir()
    (place / "file.gz.partial").write_bytes(bytes(there))
    with serving(Served()) as served:
        if there == len(BODY):
            with pytest.raises(DownloadFailed, match="thrown away; try again"):
                download("set", tmp_path, sets=sets_of(served))
            assert list(place.iterdir()) == []
        download("set", tmp_path, sets=sets_of(served))
        assert (place / "file.gz").read_bytes() == BODY
        other = sets_of(served, BODY[:-1] + b"?")
        (place / "file.gz").unlink()
        with pytest.raises(DownloadFailed, match="SHA-256"):
            download("set", tmp_path, sets=other)
        assert list(place.iterdir()) == []


def test_no_network_and_no_such_file_are_said(tmp_path):
    with serving(Served()) as served:
        wrong = sets_of(replace(served, url=served.url + "x"))
        with pytest.raises(DownloadFailed, match="404"):
            download("set", tmp_path, sets=wrong)
    gone = sets_of(served)  # nobody listens there any more
    with pytest.raises(DownloadFailed, match="Check the network and try again"):
        download("set", tmp_path, sets=gone)
    with pytest.raises(ValueError, match="choose"):
        download("letters", tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadFailed, match="cannot be written"):
        download("set", tmp_path / "file", sets=gone)


def test_the_real_sets_are_named_with_whole_checksums():
    assert set(fetching.SETS) == {name for name, entry in PICTURE_SETS.items() if not entry.bundled}
    for published in fetching.SETS.values():
        for source in published.sources:
            assert source.url.startswith("https://")
            assert len(bytes.fromhex(source.sha256)) == 32


def archive_of(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz", compresslevel=1) as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return held.getvalue()


def test_an_archive_becomes_pictures_and_nothing_else_of_it_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "RECORDS", 2 * 3073)
    rng = torch.Generator().manual_seed(1)
    pixels = torch.randint(0, 256, (12, 3, 32, 32), generator=rng, dtype=torch.uint8)
    labels = torch.arange(12) % 10
    records = torch.cat([labels[:, None].byte(), pixels.flatten(1)], dim=1).reshape(6, -1)
    names = [*fetching.TRAIN_RECORDS, *fetching.TEST_RECORDS]
    inside = "cifar-10-batches-bin"
    files = {
        f"{inside}/{name}": bytes(part.tolist()) for name, part in zip(names, records, strict=True)
    }
    body = archive_of(files | {"../escaped": b"x", f"{inside}/extra": b"x"})
    with serving(Served(body)) as served:
        published = replace(sets_of(served, body)["set"], archive=inside)
        download("set", tmp_path / "data", sets={"set": published})
        download("set", tmp_path / "data", sets={"set": published})  # nothing to do
    assert len(served.asked) == 1
    assert sorted(path.name for path in (tmp_path / "data" / inside).iterdir()) == sorted(names)
    assert not (tmp_path / "escaped").exists()
    train, test = load("cifar10", tmp_path / "data"), load("cifar10", tmp_path / "data", "test")
    assert torch.equal(torch.cat([train.pixels, test.pixels]), pixels)
    assert train.labels.tolist() == labels[:10].tolist()
    cut = tmp_path / "data" / inside / "test_batch.bin"
    cut.write_bytes(cut.read_bytes()[:-1])
    with pytest.raises(ValueError, match="no records of 3,073: download it again"):
        load("cifar10", tmp_path / "data", "test")


@pytest.mark.parametrize("missing", [True, False])
def test_an_archive_of_something_else_leaves_nothing(missing, tmp_path: Path):
    path = tmp_path / "archive.tar.gz"
    path.write_bytes(archive_of({} if missing else {"inside/data_batch_1.bin": b"short"}))
    with pytest.raises(DownloadFailed, match=r"is not CIFAR-10's archive|is no file of"):
        unpack(path, tmp_path, "inside")
    assert [left.name for left in tmp_path.iterdir()] == ["archive.tar.gz"]
