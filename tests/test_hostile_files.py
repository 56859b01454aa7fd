"""Files that somebody made to do harm, one for each harm that was once possible."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import replace

import pytest
import torch

from explorer.data.image_files import read_encoded, read_idx
from explorer.data.uploads import parse_table
from explorer.registry import Param
from explorer.stories.pointers import source
from explorer.stories.reading import LONGEST_LINK, MOST_FAULTS, read
from explorer.stories.story import StoryError
from explorer.training.classifier_files import load_classifier
from explorer.training.classifier_run import SPECS
from explorer.training.classifier_run import to_json as classifier_json
from explorer.training.files import DamagedFile, read_json
from explorer.training.film import filmed
from explorer.training.image_film_files import load
from explorer.training.image_request import Lane, Request
from explorer.training.image_request import to_json as to_request
from explorer.training.kept import from_stranger, run_of
from explorer.training.model import CENTRE, SCALE, weight_shapes
from explorer.training.presets import DEFAULT
from explorer.training.runs import Run, pack
from explorer.training.spec import to_json
from explorer.training.train import train
from explorer.ui.upload_limit import UploadLimit
from tests.loops import in_a_thread

HEAD = "---\ntitle: T\nsubject: S\nminutes: 5\n---\n"
SPEC = replace(DEFAULT, config=replace(DEFAULT.config, steps=25, batch=16))


@pytest.fixture(scope="module")
def whole() -> Run:
    *_, last = filmed(train(SPEC))
    return run_of(last, "moons", {})


def with_history(run: Run, **tensors: torch.Tensor) -> bytes:
    named = {name.replace("_", ".", 1): tensor for name, tensor in tensors.items()}
    assert set(named) <= set(run.history)
    return pack(replace(run, history={**run.history, **named}))


def test_a_run_comes_back_from_its_file(whole: Run):
    run, model = from_stranger(pack(whole))
    assert run.name == "moons"
    assert model.spec.dim == 2


def test_a_history_of_other_shapes_is_refused_in_words(whole: Run):
    """Each once ended as a traceback on the page My runs."""
    huge = torch.full_like(whole.history["state.parameters"], 3e38)
    for data, said in (
        (with_history(whole, losses=torch.tensor(1.0)), "not those of a training"),
        (with_history(whole, losses=torch.zeros(0), state_parameters=huge), "does not fit"),
        (with_history(whole, film_step=torch.tensor(3)), "does not fit"),
    ):
        with pytest.raises(ValueError, match=said):
            from_stranger(data)


@pytest.mark.parametrize("dim", [1, 3])
def test_weights_for_other_coordinates_than_the_datas_are_refused(dim: int):
    weights = {name: torch.ones(shape) for name, shape in weight_shapes(SPEC, dim).items()}
    with pytest.raises(ValueError, match=f"for {dim} coordinates"):
        from_stranger(pack(Run("other", to_json(SPEC), weights)))


def test_weights_whose_score_is_not_finite_are_refused(whole: Run):
    bare = replace(whole, history={})
    for name, value in ((SCALE, torch.tensor(1e-38)), (CENTRE, torch.full((2,), 3e38))):
        with pytest.raises(ValueError, match="not finite"):
            from_stranger(pack(replace(bare, weights={**bare.weights, name: value})))


def test_a_name_longer_than_a_file_system_takes_is_no_name_in_the_code():
    with pytest.raises(ValueError, match="is no name in the code"):
        source(f"explorer.{'a' * 300}.b")
    story = f"{HEAD}## A\nx\nlink: /score_field\ncode: explorer.{'a' * 300}.b\n"
    with pytest.raises(StoryError, match="line 9: "):
        read(story, ["/score_field"])


def test_a_link_of_any_length_is_read_in_no_time():
    """With 11,000 parameters each was once looked for among all others: seconds a link."""
    link = "/score_field?" + "&".join(f"k{k}=1" for k in range(11_000))
    with pytest.raises(StoryError, match=f"{LONGEST_LINK:,} are allowed"):
        read(f"{HEAD}## A\nx\nlink: {link}\n", ["/score_field"])


def test_so_many_faults_are_told_as_can_be_read():
    names = (f"{a}{b}{c}" for a in "abcdefgh" for b in "abcdefgh" for c in "abcdefgh")
    fields = "\n".join(f"{name}{'x' * 100}: 1" for name in names)
    with pytest.raises(StoryError) as found:
        read(f"{HEAD}## A\nx\nlink: /score_field\n{fields}\n", ["/score_field"])
    faults = found.value.faults
    assert len(faults) == MOST_FAULTS + 1
    assert "and " in faults[-1].text
    assert all(len(str(fault)) < 200 for fault in faults)


def test_a_header_that_promises_terabytes_takes_no_memory(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(bytes([0, 0, 8, 3]) + struct.pack(">III", 2**31, 28, 28) + bytes(9))
    with pytest.raises(ValueError, match="more than any set has"):
        read_idx(path, (None, 28, 28))


def test_a_picture_of_another_size_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    import pyarrow
    from PIL import Image
    from pyarrow import parquet

    file = io.BytesIO()
    Image.new("RGB", (600, 500)).save(file, "PNG")
    table = pyarrow.table({"img": [{"bytes": file.getvalue()}], "label": [1]})
    parquet.write_table(table, tmp_path / "t.parquet")
    monkeypatch.setattr(Image.Image, "convert", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(ValueError, match="500×600, not 32×32"):
        read_encoded([tmp_path / "t.parquet"], "img", "label", (32, 32), 10)


def test_a_cell_of_any_length_is_read_in_no_time():
    """17,000 digits and a letter once took half a minute, and a megabyte of them days."""
    with pytest.raises(ValueError, match="row 2, column 1: '999"):
        parse_table("1\n" + "9" * 200_000 + "x\n")
    with pytest.raises(ValueError, match="is not usable"):
        parse_table("9" * 200_000 + "\n2\n")


def test_numbers_of_hundreds_of_digits_in_a_film_or_a_figure_are_none(tmp_path):
    request = Request("one", (Lane("ddim"),), 1, (3,))
    (tmp_path / "films").mkdir()
    said = {"request": to_request(request), "ratios": [10**400, 0.0], "evaluations": [1]}
    (tmp_path / "films" / "f.json").write_text(json.dumps(said))
    with pytest.raises(DamagedFile, match="lacks what a film needs"):
        load(tmp_path, "f")
    reader = {"spec": classifier_json(SPECS["mnist"]), "figures": {"accuracy": 10**400}}
    (tmp_path / "classifier.json").write_text(json.dumps(reader))
    with pytest.raises(DamagedFile, match="lacks the spec or the accuracy"):
        load_classifier(tmp_path, torch.device("cpu"))
    with pytest.raises(DamagedFile, match="holds 1e99") as found:
        read_json(b"[1e" + b"9" * 5000 + b"]")
    assert len(str(found.value)) < 120


def test_an_integer_of_hundreds_of_digits_is_no_number_of_a_control():
    with pytest.raises(ValueError, match=r"1000.*… is not usable") as found:
        Param("a", "A", 1, 0, 9, 1).checked(10**400)
    assert len(str(found.value)) < 150


def test_a_session_uploads_no_more_than_its_memory_allows():
    """Streamlit keeps what is uploaded until the session ends; it once kept any number of files."""
    passed: list[str] = []

    status = [204]

    async def app(scope, receive, send):
        passed.append(scope["path"])
        await send({"type": "http.response.start", "status": status[0]})

    limit = UploadLimit(app, most=100)
    refused: list[int] = []

    async def send(message):
        if message.get("status") == 413:
            refused.append(message["status"])

    def ask(method: str, session: str, file: str, length: bytes = b"") -> bool:
        """Whether the request is passed on."""
        path, headers = f"/base/_stcore/upload_file/{session}/{file}", []
        if length:
            headers.append((b"content-length", length))
        scope = {"type": "http", "method": method, "path": path, "headers": headers}
        before = len(passed)
        in_a_thread(limit(scope, None, send))
        return len(passed) > before

    assert ask("PUT", "one", "a", b"60")
    assert not ask("PUT", "one", "b", b"60")
    assert ask("PUT", "one", "a", b"90"), "a file in place of itself"
    assert ask("PUT", "two", "b", b"60"), "another session has room of its own"
    assert ask("DELETE", "one", "a")
    assert ask("PUT", "one", "b", b"60")
    assert not ask("PUT", "three", "c"), "a length that is not told counts as the most"
    assert not ask("PUT", "three", "c", b"9" * 5000)
    assert ask("GET", "three", "c")
    assert refused == [413, 413, 413]
    assert ask("PUT", "four", "d", b"90")
    status[0] = 403  # without the token, as Streamlit answers
    assert ask("DELETE", "four", "d"), "is refused by the app, which keeps the file"
    assert ask("PUT", "four", "d", b"1"), "likewise"
    assert not ask("PUT", "four", "e", b"20"), "so that it still counts"
    status[0] = 204
    assert ask("PUT", "four", "e", b"10")
