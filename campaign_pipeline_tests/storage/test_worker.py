"""Who works on a run."""

import os
import platform
from datetime import UTC, datetime, timedelta

import psutil

from campaign_pipeline.storage.worker import this_worker


def test_a_worker_is_this_process_on_this_host_since_it_started() -> None:
    worker = this_worker()

    assert (worker.host, worker.pid) == (platform.node(), os.getpid())
    if worker.started_at is not None:
        started = datetime.fromtimestamp(psutil.Process().create_time(), UTC)
        assert abs(worker.started_at - started) < timedelta(seconds=1)
