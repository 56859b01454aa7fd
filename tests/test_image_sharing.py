"""Pictures that several sessions ask for: drawn once, and for whoever stays."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from explorer.training import image_film_files
from explorer.training.image_films import Denoising, Film
from explorer.training.image_folder import ROOT as CHECKPOINTS
from explorer.training.image_folder import checkpoints
from explorer.ui import image_desk

TINY = checkpoints(CHECKPOINTS)[0]["mnist-tiny"]


@pytest.fixture(scope="module")
def film() -> Film:
    """One that did not come with the checkpoint."""
    known = image_film_files.load(TINY.folder, "draws")
    return replace(known, request=replace(known.request, seed=2000))


def _drawing(
    film: Film, began: threading.Event, go: threading.Event
) -> Callable[[], Iterator[Denoising | None]]:
    """A stand-in for an engine at work: one update, then the film once it may go on."""

    def doing():
        began.set()
        yield Denoising(1, film.request.steps, film.x_t[:, 0], film.x0_hat[:, 0])
        while not go.wait(0.01):
            yield None
        yield Denoising(5, 5, film.x_t[:, -1], film.x0_hat[:, -1], film)

    return doing


def test_equal_requests_of_a_class_are_drawn_once_and_all_see_how_far_they_are(film):
    films = image_desk.Films(1 << 30)
    began, go = threading.Event(), threading.Event()
    doing = _drawing(film, began, go)
    first = films.once(TINY, film.request, doing)
    assert next(first).step == 1
    began.clear()
    second = films.once(TINY, film.request, doing)
    assert next(second).step == 1  # the other's
    go.set()
    assert [update.film for update in first if update is not None] == [film]
    assert [update.film for update in second][-1] is film
    assert [update.film for update in films.once(TINY, film.request, doing)] == [film]
    assert not began.is_set()


def test_where_one_of_two_equal_requests_is_stopped_the_other_is_drawn_all_the_same(film):
    films = image_desk.Films(1 << 30)
    began, go = threading.Event(), threading.Event()
    first = films.once(TINY, film.request, _drawing(film, threading.Event(), threading.Event()))
    next(first)
    second = films.once(TINY, film.request, _drawing(film, began, go))
    next(second)
    assert not began.is_set()
    first.close()
    go.set()
    assert [update.film for update in second if update is not None][-1] is film
    assert began.is_set()


def test_who_waits_for_one_that_hangs_is_drawn_by_itself(film, monkeypatch):
    monkeypatch.setattr(image_desk, "SILENT", 0.05)
    monkeypatch.setattr(image_desk, "LOOK", 0.01)
    films = image_desk.Films(1 << 30)
    began, go = threading.Event(), threading.Event()
    hanging = films.once(TINY, film.request, _drawing(film, threading.Event(), threading.Event()))
    next(hanging)  # and is never asked to go on
    go.set()
    second = films.once(TINY, film.request, _drawing(film, began, go))
    updates = list(itertools.islice((update for update in second if update is not None), 1000))
    assert began.is_set()
    assert updates[-1].film is film
    again = films.once(TINY, replace(film.request, seed=2001), _drawing(film, began, go))
    next(again)
    hanging.close()  # after all, which ends nobody else's
    third = films.once(TINY, replace(film.request, seed=2001), _drawing(film, began, go))
    began.clear()
    next(third)
    assert not began.is_set()
