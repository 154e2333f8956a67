"""Folders whose names outlive a power cut.

Belongs here: making folders and syncing them: a name is durable only when the folder that holds it is synced.
Does not belong here: what is written into them (local_store).
"""

import os
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, durably; one that is there stays as it is."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
