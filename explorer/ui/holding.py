"""Before a training is begun or taken up: that nobody else goes on with it."""

from __future__ import annotations

from contextlib import suppress

from explorer.training.folders import StoreUnavailable, new_code
from explorer.training.leases import KEEPER, Hold, Taken
from explorer.ui.shelf import store


def hold_of(code: str | None, own: str) -> tuple[str, Hold]:
    """The code under which a training is saved, and what it is held by; Taken where it is held.

    own: the code of this session's desk. What that has in memory can be gone on with under a new
    code, should another have taken up what it had saved.
    """
    KEEPER.let_go()
    hold = store().autosaves.hold(made := code or new_code())
    if code is not None:
        try:
            with suppress(StoreUnavailable):  # it is held once it can be saved
                hold.take()
        except Taken:
            if code != own:
                raise
            return hold_of(None, own)
    return made, hold
