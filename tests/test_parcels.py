"""What passes between the server and its helpers: the same values, in no more bytes than needed."""

import pickle
from dataclasses import replace

import pytest
import torch

from explorer.training.film import filmed
from explorer.training.parcels import packed
from explorer.training.presets import DEFAULT
from explorer.training.train import train

TENSORS = {
    "float32": torch.randn(3, 4),
    "float64": torch.randn(5, dtype=torch.float64),
    "half": torch.randn(5).half(),
    "bfloat16": torch.randn(5).bfloat16(),
    "bool": torch.tensor([True, False]),
    "bytes": torch.arange(5, dtype=torch.uint8),
    "complex": torch.randn(4, dtype=torch.complex64),
    "a number": torch.tensor(3.5),
    "empty": torch.empty(0, 2),
    "turned": torch.randn(3, 4).t(),
    "every other": torch.randn(10)[::2],
    "expanded": torch.randn(1, 2).expand(4, 2),
    "trained": torch.randn(3, requires_grad=True),
    "parameter": torch.nn.Parameter(torch.randn(3)),
}


@pytest.mark.parametrize("name", TENSORS)
def test_a_tensor_arrives_as_it_was(name):
    sent = TENSORS[name]
    came = pickle.loads(packed({"inside": [sent]}))["inside"][0]
    assert type(came) is type(sent)
    assert (came.dtype, came.shape) == (sent.dtype, sent.shape)
    assert came.requires_grad == sent.requires_grad
    assert torch.equal(came, sent)
    if came.numel() and not came.requires_grad:
        came[...] = 0  # it can be written to, and is nobody else's
        assert not came.any()


def test_a_tensor_made_for_inference_arrives():
    with torch.inference_mode():
        sent = torch.randn(4)
    assert torch.equal(pickle.loads(packed(sent)), sent)


def test_what_is_named_twice_is_one_thing_afterwards():
    sent = torch.randn(4)
    first, second = pickle.loads(packed([sent, sent]))
    assert first is second


def test_a_view_travels_alone():
    whole = torch.randn(1000, 1000)
    assert len(packed(whole[3])) < 5000
    assert len(packed(list(whole[:, :10].split(1)))) < 1000 * (40 + 300)
    assert pickle.loads(packed(whole[3])).untyped_storage().nbytes() == 4000


def test_snapshots_take_no_more_memory_once_they_have_travelled():
    """Their weights are views of one vector, which went and stayed with each of them."""
    spec = replace(DEFAULT, config=replace(DEFAULT.config, steps=100, batch=64))
    *_, last = filmed(train(spec, device="cpu"))
    came = pickle.loads(packed(last.film))
    numbers = sum(weight.numel() for weight in last.film[0].weights.values())
    for shot, sent in zip(came, last.film, strict=True):
        held = {w.data_ptr(): w.untyped_storage().nbytes() for w in shot.weights.values()}
        assert sum(held.values()) == 4 * numbers
        for name, weight in sent.weights.items():
            assert torch.equal(shot.weights[name], weight)
    assert len(packed(last.film)) < len(last.film) * 4 * numbers * 1.2
