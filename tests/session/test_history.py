"""What the reader of the older log sends is unpacked in one go."""

from __future__ import annotations

import gc
import pickle

from tests.mail.track import V4, to, track

from mxtop.session.history import _unpacked


def test_unpacking_is_not_interrupted_by_the_search_for_garbage() -> None:
    tracker = track(*(to(f"u@d{n}.example", V4, queue_id=f"4{n:09X}") for n in range(500)))
    pickled = pickle.dumps((tracker, "a gap"))
    searches: list[str] = []

    def note(phase: str, info: dict[str, int]) -> None:
        searches.append(phase)

    assert gc.isenabled()
    gc.callbacks.append(note)
    try:
        pickle.loads(pickled)
        assert searches  # else this test would tell nothing
        searches.clear()
        found, gap = _unpacked(pickled)
        assert not searches
    finally:
        gc.callbacks.remove(note)
    assert gc.isenabled()
    assert (len(found.destinations), gap) == (500, "a gap")
