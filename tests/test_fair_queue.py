"""The queue is fair, and tells the order that it will keep."""

import random
from collections import Counter

from explorer.training.fair_queue import FairQueue


def test_owners_take_turns_and_first_come_goes_first():
    queue: FairQueue[str] = FairQueue()
    for owner, item in [("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("c", "c1")]:
        queue.add(owner, item)
    queue.add("b", "b2")
    expected = ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert queue.order({}) == expected
    assert [queue.pop({}) for _ in range(7)] == [*expected, None]


def test_nobody_gets_a_second_while_another_waits_for_the_first():
    queue: FairQueue[str] = FairQueue()
    for owner, item in [("a", "a2"), ("a", "a3"), ("b", "b1"), ("b", "b2")]:
        queue.add(owner, item)
    assert queue.order({"a": 1}) == ["b1", "a2", "b2", "a3"]
    assert queue.pop({"a": 1}) == "b1"


def test_joining_anew_never_overtakes():
    queue: FairQueue[str] = FairQueue()
    queue.add("a", "a1")
    queue.add("a", "a2")
    queue.pop({})
    queue.add("reloaded tab", "x")
    assert queue.order({}) == ["a2", "x"]
    queue.end_turn("a")  # a1 ran and has ended: its owner's next waits behind the others
    assert queue.order({}) == ["x", "a2"]


def test_order_tells_what_pop_will_do_for_any_queue():
    rng = random.Random(0)
    for _ in range(300):
        queue: FairQueue[tuple[str, int]] = FairQueue()
        for number in range(rng.randint(0, 12)):
            owner = rng.choice("abcd")
            queue.add(owner, (owner, number))
        running = Counter(rng.choices("abcd", k=rng.randint(0, 3)))
        told, popped = queue.order(running), []
        while (item := queue.pop(running)) is not None:
            running[item[0]] += 1
            popped.append(item)
        assert told == popped
        for owner in "abcd":
            own = [number for who, number in popped if who == owner]
            assert own == sorted(own)
