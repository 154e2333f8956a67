"""A heartbeat: while a build is open in this process, the ledger is told at intervals that the process lives.

Belongs here: the thread that tells it, and when.
Does not belong here: what is told (storage.life, storage.leases), or what follows from silence (building.reconciler).
"""

import logging
from collections.abc import Callable, Sequence
from threading import Event, Thread

from campaign_pipeline.errors import CampaignError

BEAT_S = 10.0
"""Six times in the life of a lease: a ledger may be away for most of a minute before a run counts as lost."""

_log = logging.getLogger(__name__)


class Heartbeat:
    """Calls what renews a sign of life, every so often until it is stopped; the first time after one interval.

    Args:
        beats: Called one after another in a thread of their own; one that fails is called again the next time.
    """

    def __init__(self, beats: Sequence[Callable[[], object]], *, every_s: float = BEAT_S) -> None:
        self._beats = tuple(beats)
        self._every_s = every_s
        self._stopped = Event()
        self._thread = Thread(target=self._go_on, name="campaign-heartbeat", daemon=True)

    def start(self) -> None:
        """Begin; for a build of less than one interval nothing is ever told."""
        self._thread.start()

    def stop(self) -> None:
        """End, after a beat that is under way: none comes later."""
        self._stopped.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._stopped.wait(self._every_s):
            for beat in self._beats:
                self._tell(beat)

    def _tell(self, beat: Callable[[], object]) -> None:
        try:
            beat()
        except CampaignError as error:
            # It may be back in time; if not, the build itself runs into the same failure and tells it.
            _log.info("a sign of life was not recorded: %s", error)
        except Exception:  # noqa: BLE001  a thread that dies of a mistake would let a living run count as lost
            _log.warning("a sign of life was not recorded", exc_info=True)
