"""How this process treats memory that arrays have given back.

Belongs here: the one hint to the allocator that making sound gains from.
Does not belong here: how large the arrays are (their makers choose blocks that stay small).
"""

import numpy as np

_MIB = 1 << 20
_LARGEST_KEPT_MIB = 31


def keep_freed_memory() -> None:
    """Let the allocator keep what arrays give back, rather than fetch and clear new pages for every block of sound.

    glibc raises the size from which on it fetches memory from the system to that of the largest such piece it has
    got back, up to 32 MiB; a third of the time of mixing goes into those pages otherwise. The piece is never
    written to, so it costs no memory; with other allocators nothing comes of it.

    Source:
        mallopt(3), M_MMAP_THRESHOLD: the dynamic threshold.
    """
    np.empty(_LARGEST_KEPT_MIB * _MIB, dtype=np.uint8)
