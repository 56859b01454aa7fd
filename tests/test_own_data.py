"""Own data: what is parsed, what a text holds, and the distribution that is made of it."""

from __future__ import annotations

import io
import random
from contextlib import suppress

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Generator

from explorer.data.gaussian_mixture import GaussianMixture
from explorer.data.own import MOST, heart, modes_of, own_data, skyline
from explorer.data.own_codec import decode, encode_grid, encode_points
from explorer.data.preparing import IN_LINK, MAX_INLINE, of_picture, of_points, of_strokes
from explorer.data.uploads import parse_array, parse_picture, parse_table
from explorer.ui.own_data import dialog

TABLES = {
    "commas": ("x,y\n1,2\n-3.5,4e1\n", [[1, 2], [-3.5, 40]]),
    "decimal commas": ("x;y\r\n1,5;2\r\n-3;,25;\r\n", [[1.5, 2], [-3, 0.25]]),
    "tabs": ("1,5\t2\n3\t4", [[1.5, 2], [3, 4]]),
    "spaces": ("# made by hand\n\n 1   2\n3 4 ", [[1, 2], [3, 4]]),
    "one column": ("height\n1.5\n\u22122\n", [[1.5], [-2]]),
    "quotes": ('"x","y"\n"1","2"\n3,4', [[1, 2], [3, 4]]),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_read_however_its_columns_are_parted(name):
    text, expected = TABLES[name]
    for given in (text, text.encode(), text.encode("utf-8-sig"), text.encode("utf-16")):
        assert parse_table(given).tolist() == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2\n3,x", "row 2, column 2: 'x' is not a number"),
        ("x,y\n1,2\n\n3,", "row 4 has 1 column, row 2 has 2"),
        ("1;2\n;2", "row 2, column 1 is empty"),
        ("1,2\n3,nan", "row 2, column 2: 'nan' is not a number"),
        ("1\n1e300", "row 2, column 1: 1e\\+300 is not usable"),
        ("1,2,3\n", "row 1 has 3 columns"),
        ("1,2\n1,2", "all points are the same"),
        ("x,y\n", "no row of numbers"),
        ("1\n2\0", "no table of text"),
        pytest.param("1\n" * 20_001, "20,001 rows of numbers; give 20,000", id="rows"),
        pytest.param("9" * (1 << 21), "give 1,048,576 at most", id="bytes"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_by_row_and_column(text, message):
    with pytest.raises(ValueError, match=message):
        parse_table(text)


def saved(array, **how) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **how)
    return file.getvalue()


def test_arrays_of_all_usual_kinds_come_back():
    points = np.array([[1, 2], [3, -4], [5, 6]])
    for kind in ("<f8", ">f4", "<f2", "<i8", ">i2"):
        assert np.array_equal(parse_array(saved(points.astype(kind))), points)
    assert np.array_equal(parse_array(saved(np.asfortranarray(points))), points)
    assert parse_array(saved(points[:, 0])).shape == (3, 1)
    for wrong, message in (
        (np.array([[None], [1]]), "is not usable"),
        (np.array([1 + 2j, 3]), "is not usable"),
        (np.zeros((4, 3)), "3 columns"),
        (np.array([[1.0], [np.inf]]), "row 2, column 1: inf"),
        (np.zeros((2, 2, 2)), "is not usable"),
    ):
        with pytest.raises(ValueError, match=message):
            parse_array(saved(wrong))
    with pytest.raises(ValueError, match="bytes of numbers instead of"):
        parse_array(saved(points)[:-1])


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_a_picture_is_ink_where_it_is_dark_and_opaque():
    image = Image.new("RGBA", (4, 2), (0, 0, 0, 0))
    image.putpixel((0, 0), (0, 0, 0, 255))
    image.putpixel((3, 1), (0, 0, 0, 51))
    image.putpixel((1, 0), (255, 255, 255, 255))
    ink = parse_picture(png(image))
    assert ink == pytest.approx(np.array([[1, 0, 0, 0], [0, 0, 0, 0.2]]))
    assert parse_picture(png(image), light=True).tolist()[0][1] == pytest.approx(1)
    deep = Image.fromarray(np.array([[0, 65535], [32768, 65535]], dtype=np.uint16))
    assert parse_picture(png(deep))[1, 0] == pytest.approx(0.5, abs=4e-3)
    with pytest.raises(ValueError, match="no ink"):
        parse_picture(png(Image.new("L", (8, 8), 255)))
    with pytest.raises(ValueError, match="damaged"):
        parse_picture(png(image)[:50])
    with pytest.raises(ValueError, match=r"30,000 × 30,000 pixels"):
        parse_picture(png(image)[:16] + (30_000).to_bytes(4, "big") * 2 + bytes(20))


def test_no_bytes_break_the_parsers():
    rng = random.Random(0)
    seeds = [b"x;y\n1,5;2\n", saved(np.eye(2)), png(Image.new("L", (5, 5))), heart().encode()]
    for _ in range(1500):
        data = bytearray(rng.choice(seeds))
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] = rng.choice(b"\0,;1e-.(\xff") or rng.randrange(256)
        for parse in (parse_table, parse_array, parse_picture, lambda b: decode(b.decode("latin"))):
            with suppress(ValueError):
                parse(bytes(data))


def test_points_come_back_from_their_text_to_a_step_of_the_lattice():
    points = np.random.default_rng(0).normal(size=(200, 2)) * [1, 3]
    text = encode_points(points)
    data = decode(text)
    step = np.ptp(points, axis=0) / 1023
    apart = np.abs(data.centres[:, None] - points[None]) / step
    assert apart.max(axis=2).min(axis=0).max() < 0.51
    assert data.weights.sum() == pytest.approx(1)
    assert decode(encode_points([[1.0], [1.0], [2.0]])).weights.tolist() == [2 / 3, 1 / 3]


def test_a_grid_comes_back_with_its_levels_and_its_places():
    data = decode(encode_grid(np.array([[0, 15], [3, 0]]), (-1, 2), 0.5))
    assert data.centres.tolist() == [[-0.5, 2.0], [-1.0, 2.5]]
    assert data.weights.tolist() == pytest.approx([15 / 18, 3 / 18])


def test_damaged_texts_are_refused():
    for text in (
        "",
        "1p",
        "2pAAAA",
        "1g" + "A" * 30,
        "1c" + "_" * 400,
        "1p" + "A" * 99,
        "1q" * 9999,
    ):
        with pytest.raises(ValueError, match=r"own data|cells"):
            decode(text)


def test_what_fits_into_a_link_is_as_much_as_is_said():
    rng = np.random.default_rng(1)
    for dim, most in IN_LINK.items():
        full = of_points(rng.normal(size=(9000, dim)), standardise=True, most=most)
        assert (full.given, full.kept) == (9000, most)
        assert full.inline
        assert len(full.text) > 0.9 * MAX_INLINE
    assert of_strokes(rng.normal(size=(900, 2))).inline
    kept = of_points(rng.normal(size=(9000, 2)) * 40 + 7, standardise=True)
    assert kept.mean[0] == pytest.approx(7, abs=2)
    assert kept.scale[1] == pytest.approx(40, rel=0.05)
    with pytest.raises(ValueError, match=r"point 2, coordinate 2: 30 lies beyond ±20; standardise"):
        of_points(np.array([[0, 0], [0, 30.0]]), standardise=False)
    column = of_points(np.array([[5.0, 1], [5.0, 2]]), standardise=True)
    assert decode(column.text).centres == pytest.approx(np.array([[0, -1], [0, 1]]))


def test_a_picture_becomes_a_density_the_right_way_up():
    ink = np.zeros((200, 100))
    ink[:50, :] = 1.0  # the upper quarter
    ink[150:, 40:60] = 0.5
    data = decode(of_picture(ink).text)
    mean = data.weights @ data.centres
    spread = data.weights @ (data.centres - mean) ** 2
    assert mean == pytest.approx([0, 0], abs=1e-5)
    assert spread.mean() == pytest.approx(1, abs=1e-5)
    share = data.weights[data.centres[:, 1] > -1].sum()
    assert share == pytest.approx(5000 / 5500, abs=0.03)


@pytest.mark.parametrize(
    ("text", "width"), [(heart(), 0.1), (skyline(), 0.3)], ids=["heart", "skyline"]
)
def test_own_data_are_the_kernel_estimate_itself(text, width):
    data, own = decode(text), own_data(text, width)
    assert own.exact
    assert not own.coarser
    x = own.sample(300, Generator().manual_seed(0)).double()
    away = x[:, None] - torch.from_numpy(data.centres)
    logs = -0.5 * (away / width).square().sum(dim=2) + torch.from_numpy(data.weights).log()
    expected = torch.logsumexp(logs, 1) - data.dim * np.log(width * np.sqrt(2 * np.pi))
    torch.testing.assert_close(own.log_prob(x), expected)


def test_gaussians_that_stand_in_for_many_points_keep_moments_and_nearly_the_score():
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(size=(1500, 2)) * 0.5, rng.normal(size=(500, 2)) * 0.2 + 3])
    text = of_points(points, standardise=True).text
    data, own = decode(text), own_data(text, 0.15)
    every = GaussianMixture.isotropic(
        torch.from_numpy(data.weights), torch.from_numpy(data.centres), 0.15
    )
    assert not own.exact
    assert len(own.density.weights) <= MOST
    assert own.mode_weights.tolist() == pytest.approx([0.75, 0.25], abs=0.02)
    torch.testing.assert_close(own.mean, every.mean)
    torch.testing.assert_close(own.covariance, every.covariance)
    for noise, allowed in ((0.0, 0.01), (0.35, 1e-3), (1.0, 1e-3), (5.0, 1e-3)):
        ours, theirs = own.noised(0.9, noise), every.noised(0.9, noise)
        x = theirs.sample(500, Generator().manual_seed(1)).double()
        off = (ours.score(x) - theirs.score(x)).square().mean().sqrt()
        assert off < allowed * theirs.score(x).square().mean().sqrt()
        assert len(ours.mode_weights) == len(own.mode_weights)


def test_clumps_with_gaps_between_them_are_modes():
    rng = np.random.default_rng(0)
    clumps = [rng.uniform(-1, 1, size=(60, 2)) * 0.5 + at for at in ((0, 0), (4, 0), (0, 4))]
    places = torch.from_numpy(np.concatenate([*clumps, [[9.0, 9.0]]]))
    modes = modes_of(places, torch.full((181,), 1 / 181, dtype=torch.float64))
    assert len(modes.unique()) == 3
    assert all(len(modes[60 * k : 60 * k + 60].unique()) == 1 for k in range(3))
    assert len(own_data(skyline()).mode_weights) == 3
    assert len(own_data(encode_points(np.eye(2))).mode_weights) == 2


@pytest.mark.parametrize("dim", [1, 2])
def test_points_in_force_can_be_had_as_a_table_and_given_again(dim, monkeypatch):
    points = np.array([[0.0, 1.0], [2.0, 0.5], [0.0, 1.0], [-1.0, -2.0]])[:, :dim]
    text = encode_points(points)
    written = {}
    monkeypatch.setattr(
        dialog.st, "download_button", lambda label, data, *rest, **more: written.update(csv=data)
    )
    dialog._download(text)
    again = decode(encode_points(parse_table(written["csv"])))
    kept = decode(text)
    assert np.allclose(again.centres, kept.centres, atol=1e-3)
    assert np.allclose(again.weights, kept.weights)


def test_a_column_of_weights_is_not_taken_for_a_place():
    with pytest.raises(ValueError, match="weights, which are not read"):
        parse_table("x,weight\n0.5,0.25\n1.5,0.75\n")
