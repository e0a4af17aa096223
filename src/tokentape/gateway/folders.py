"""Folders of the gateway's own: of traces, of usage, of responses. They hold what people asked."""

from __future__ import annotations

import os
import time


def make_folder(path: str) -> None:
    """The folder, for its owner alone, and in no repository; nothing where it is there already."""
    if os.path.isdir(path):
        return
    os.makedirs(path, 0o700, exist_ok=True)
    keep_out_of_git(path)


def keep_out_of_git(folder: str) -> None:
    """Nothing that is in the folder goes into a repository."""
    with open(os.path.join(folder, ".gitignore"), "w", encoding="utf-8") as file:
        file.write("*\n")


def day_of(at: float) -> str:
    """What belongs to a moment goes by its day: `2026-11-21`, in UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime(at))
