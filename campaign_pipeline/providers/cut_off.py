"""The end of a call that will not come to one.

Belongs here: cutting a connection off when its time is over.
Does not belong here: how long a call may take, or what is told of it (providers.transport).
"""

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

_CONNECTED = "connect_tcp.complete"


class CutOff:
    """Ends a call at a time of its own.

    A client's time-outs begin anew with every byte: a server that dribbles could hold it for ever.

    Args:
        after_s: From when on the connection is of no use.
    """

    def __init__(self, after_s: float) -> None:
        self._timer = threading.Timer(after_s, self._cut)
        self._timer.daemon = True
        self._socket: socket.socket | None = None
        self.is_over = False

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._socket is not None:
            self._socket.close()

    def notice(self, event: str, info: Mapping[str, Any]) -> None:
        """Hear from the HTTP client what it does, and take hold of the connection when it has one.

        Source:
            The client's request extension `trace`.
        """
        if event.endswith(_CONNECTED):
            # A handle of its own on the connection: TLS takes the client's away before it shakes hands.
            self._socket = info["return_value"].get_extra_info("socket").dup()
            if self.is_over:
                self._cut()

    def _cut(self) -> None:
        """Shut the connection; whoever waits for bytes from it is told at once that there are no more."""
        self.is_over = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
