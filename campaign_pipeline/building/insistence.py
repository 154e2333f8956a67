"""Writing down what must not be lost: what was paid for, or took long to make.

Belongs here: how long a write is tried again that a later attempt can bring about.
Does not belong here: what is written (building.production, building.answer_book).
"""

import time
from collections.abc import Callable

from campaign_pipeline.errors import CampaignError
from campaign_pipeline.storage import LeaseLostError

INSIST_S = 20.0
"""A restarted server is back by then, and the lease that covers the work is still held."""

_FIRST_PAUSE_S, _GROWTH = 0.1, 1.6


def insist(write: Callable[[], None]) -> None:
    """Write, again and again while another attempt can help.

    Raises:
        CampaignError: The last attempt's, when none succeeded in time; at once what no attempt can help.
    """
    give_up_at, pause_s = time.monotonic() + INSIST_S, _FIRST_PAUSE_S
    while True:
        try:
            write()
        except LeaseLostError:
            raise
        except CampaignError as error:
            if not error.retryable or time.monotonic() + pause_s > give_up_at:
                raise
            time.sleep(pause_s)
            pause_s *= _GROWTH
        else:
            return
