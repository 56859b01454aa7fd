"""Picture sets are read as published, and every damage is told in one ValueError with the file."""

import gzip
import io
import struct

import pyarrow as pa
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from pyarrow import parquet

from explorer.data.images import PICTURE_SETS, Pictures, bundled_digits, load, to_bytes, to_unit

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def idx(array: torch.Tensor) -> bytes:
    sizes = b"".join(struct.pack(">I", size) for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + bytes(array.flatten().tolist())


def random_bytes(*shape: int, high: int = 256) -> torch.Tensor:
    rng = torch.Generator().manual_seed(0)
    return torch.randint(0, high, shape, generator=rng, dtype=torch.uint8)


@pytest.fixture
def mnist(tmp_path):
    """Twelve made-up digits, gzipped, in the folder where torchvision would put them."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    digits, labels = random_bytes(12, 28, 28), random_bytes(12, high=10)
    (raw / f"{IMAGES}.gz").write_bytes(gzip.compress(idx(digits)))
    (raw / f"{LABELS}.gz").write_bytes(gzip.compress(idx(labels)))
    return tmp_path, digits, labels


def png(pixels: torch.Tensor, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels.numpy()).save(file, kind)
    return file.getvalue()


def cifar(folder, images: list[bytes | None], labels: list, name: str = "train.parquet"):
    cells = [{"bytes": image, "path": None} for image in images]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    parquet.write_table(
        pa.table({"img": pa.array(cells, kind), "label": pa.array(labels)}), folder / name
    )


@pytest.mark.parametrize("inside", ["", "MNIST", "MNIST/raw"])
def test_mnist_is_resized_as_in_the_practical(mnist, inside):
    folder, digits, labels = mnist
    pictures = load("mnist", folder / inside)
    assert torch.equal(pictures.labels, labels.long())
    assert pictures.pixels.dtype == torch.uint8
    x = pictures.batch(torch.arange(12))
    assert x.shape == (12, 3, 32, 32)
    grey = digits[:, None].float() / 255  # to [0, 1], resize, three channels, to [−1, 1]
    wanted = F.interpolate(grey, (32, 32), mode="bilinear").repeat(1, 3, 1, 1) * 2 - 1
    assert float((x - wanted).abs().max()) <= 1.0001 / 255  # half a byte


def test_plain_files_are_read_like_gzipped_ones(mnist):
    folder, _, _ = mnist
    before = load("mnist", folder)
    for path in (folder / "MNIST" / "raw").iterdir():
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    assert torch.equal(load("mnist", folder).pixels, before.pixels)


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    ("name", "damage", "says"),
    [
        (IMAGES, lambda data: cut(data), "does not decompress"),
        (IMAGES, lambda data: b"", "no IDX file"),
        (IMAGES, lambda data: b"<html>not found</html>", "does not decompress"),
        (IMAGES, lambda data: data[:40] + bytes(40) + data[80:], "does not decompress"),
        (IMAGES, lambda data: gzip.compress(b"<html>not found</html>"), "no IDX file"),
        (IMAGES, lambda data: gzip.compress(cut(gzip.decompress(data))), "cut short"),
        (IMAGES, lambda data: gzip.compress(gzip.decompress(data) + b"x"), "longer than it says"),
        (IMAGES, lambda data: gzip.compress(idx(random_bytes(12, 8, 8))), r"array of \[12, 8, 8\]"),
        (LABELS, lambda data: gzip.compress(idx(random_bytes(11, high=10))), "11 labels for 12"),
        (LABELS, lambda data: gzip.compress(idx(torch.full((12,), 10))), "labels from 10 to 10"),
        (IMAGES, lambda data: gzip.compress(idx(random_bytes(0, 28, 28))), "no picture"),
        (LABELS, lambda data: gzip.compress(bytes([0, 0, 8, 1, 0])), "cut short"),
    ],
)
def test_damaged_digits_are_told(mnist, name, damage, says):
    path = mnist[0] / "MNIST" / "raw" / f"{name}.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=says) as caught:
        load("mnist", mnist[0])
    assert "ubyte" in str(caught.value)


def test_missing_files_are_told(mnist, tmp_path):
    with pytest.raises(ValueError, match=r"no file t10k-images.* in .*MNIST/raw"):
        load("mnist", mnist[0], "test")
    with pytest.raises(ValueError, match="is no folder; name the one that holds CIFAR-10"):
        load("cifar10", tmp_path / "nowhere")
    with pytest.raises(ValueError, match="'imagenet' is unknown; choose one of mnist, cifar10"):
        load("imagenet", tmp_path)
    with pytest.raises(ValueError, match="split 'all' is unknown; choose one of train, test"):
        load("mnist", tmp_path, "all")


def test_parquet_pictures_come_back_in_order_and_from_several_files(tmp_path):
    pixels = random_bytes(5, 32, 32, 3)
    (tmp_path / "plain_text").mkdir()
    cifar(
        tmp_path / "plain_text", [png(p) for p in pixels[:3]], [3, 0, 9], "train-00000-of-2.parquet"
    )
    cifar(tmp_path / "plain_text", [png(p) for p in pixels[3:]], [1, 1], "train-00001-of-2.parquet")
    pictures = load("cifar10", tmp_path)
    assert torch.equal(pictures.pixels, pixels.permute(0, 3, 1, 2))
    assert pictures.labels.tolist() == [3, 0, 9, 1, 1]
    assert len(pictures) == 5


def test_jpeg_is_read_too(tmp_path):
    flat = torch.full((32, 32, 3), 200, dtype=torch.uint8)
    cifar(tmp_path, [png(flat, "JPEG")], [7])
    assert int((load("cifar10", tmp_path).pixels.int() - 200).abs().max()) <= 2


PNG = png(random_bytes(32, 32, 3))


@pytest.mark.parametrize(
    ("images", "labels", "says"),
    [
        ([PNG, PNG[:200]], [1, 2], "row 1 .* holds no PNG or JPEG"),
        ([PNG, b"\x80\x04K\x01."], [1, 2], "row 1 .* holds no PNG or JPEG"),
        ([PNG, None], [1, 2], "row 1 .* holds no PNG or JPEG"),
        ([png(random_bytes(32, 32, 3), "GIF")], [1], "row 0 .* holds no PNG or JPEG"),
        ([png(random_bytes(16, 32, 3))], [1], "is 16×32, not 32×32"),
        ([PNG], [10], "labels from 10 to 10; 0 to 9"),
        ([PNG], [-1], "labels from -1 to -1"),
        ([PNG], ["cat"], "not all integers"),
        ([PNG], [None], "not all integers"),
        ([], [], "holds no picture"),
    ],
)
def test_damaged_pictures_are_told(tmp_path, images, labels, says):
    cifar(tmp_path, images, labels)
    with pytest.raises(ValueError, match=says):
        load("cifar10", tmp_path)


def test_a_damaged_table_is_told(tmp_path):
    cifar(tmp_path, [PNG], [1])
    path = tmp_path / "train.parquet"
    whole = path.read_bytes()
    for damaged in (whole[:-20], whole[: len(whole) // 2], b"PAR1", b""):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"train.parquet is no readable parquet file"):
            load("cifar10", tmp_path)
    parquet.write_table(pa.table({"img": [1]}), path)
    with pytest.raises(ValueError, match="label"):
        load("cifar10", tmp_path)


def test_bundled_digits_need_no_folder(tmp_path):
    train, test = load("digits", tmp_path / "nowhere"), load("digits", tmp_path, "test")
    assert (len(train), len(test)) == (1437, 360)
    assert set(test.labels.tolist()) == set(range(10))
    assert not torch.equal(bundled_digits(tmp_path, "test")[0], train.pixels[:360])
    x = train.batch(torch.arange(len(train)))
    assert (float(x.min()), float(x.max())) == (-1, 1)


def test_bytes_survive_the_way_to_the_network_and_back():
    every = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16).expand(2, 3, 16, 16)
    assert torch.equal(to_bytes(to_unit(every)), every)
    assert to_bytes(torch.tensor([-7.0, 7.0])).tolist() == [0, 255]


def test_pictures_are_mirrored_where_asked():
    pictures = Pictures(random_bytes(3, 3, 32, 32), torch.zeros(3).long())
    index = torch.tensor([2, 0])
    plain, mixed = pictures.batch(index), pictures.batch(index, torch.tensor([True, False]))
    assert torch.equal(mixed[0], plain[0].flip(-1))
    assert torch.equal(mixed[1], plain[1])
    assert not torch.equal(mixed[0], plain[0])


def test_every_set_names_its_classes():
    for name, entry in PICTURE_SETS.items():
        assert len(entry.classes) == 10, name
    assert [name for name, entry in PICTURE_SETS.items() if entry.mirrored] == ["cifar10"]
