"""Which recorded scenarios are played in the lab, and how many of them side by side."""

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tests.beds.story import Story, read_story
from tests.cluster.lab.play import Play, Played
from tests.cluster.lab.running import Lab

SCENARIOS = Path(__file__).parents[2] / "compat" / "scenarios"
ALL = tuple(sorted(path.stem for path in SCENARIOS.glob("*.json")))
TOGETHER = 10
"""As many as two cores bear besides the control plane, the edge and Prometheus."""


class Programme:
    """Plays stories in the background, the longest first; `played` waits for one of them.

    A story that does something to the controllers is played alone, when it is asked for.
    """

    def __init__(self, lab: Lab, names: Iterable[str]) -> None:
        self._lab = lab
        self._stories = {name: story(lab, name) for name in names}
        self._broken_off = threading.Event()
        self._pool = ThreadPoolExecutor(TOGETHER, thread_name_prefix="story")
        self._playing: Mapping[str, Future[Played]] = {
            one.name: self._pool.submit(Play(lab, one, self._broken_off).play)
            for one in sorted(self._stories.values(), key=lambda one: -one.seconds)
            if not one.alone
        }

    def story(self, name: str) -> Story:
        return self._stories[name]

    def played(self, name: str) -> Played:
        """Return what came of the story *name*; raises what went wrong while it was played."""
        if name in self._playing:
            return self._playing[name].result()

        for other in self._playing.values():
            other.exception()  # It is waited for, whatever came of it.
        return Play(self._lab, self._stories[name], self._broken_off).play()

    def close(self) -> None:
        """Break off what is still being played, and begin nothing more."""
        self._broken_off.set()
        self._pool.shutdown(wait=True, cancel_futures=True)


def story(lab: Lab, name: str) -> Story:
    """Read a scenario for the namespace that it gets in *lab*."""
    return read_story(SCENARIOS / f"{name}.json", lab.addresses.places(f"play-{name}"))
