"""Which files of a study changed since the last look: by size and time first, then by what they hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from survey_kit import files

SETTLED = 0.1  # seconds without a further change, after which a save is taken to be whole
LONGEST = 2.0


@dataclass(slots=True, kw_only=True)
class Watch:
    """Files and folders that are looked over again and again.

    Attributes
    ----------
    roots
        Files, and folders with everything below them; what is hidden or an editor's own does not count.
    without
        Folders that are left out, such as the build's own.
    """

    roots: Collection[Path]
    without: Collection[Path] = ()
    _stamps: dict[Path, tuple[int, int]] = field(default_factory=dict)
    _digests: dict[Path, str] = field(default_factory=dict)

    def look(self) -> set[Path]:
        """Give the files that are new, gone, or hold something else than at the last look; the first look gives all."""
        stamps: dict[Path, tuple[int, int]] = {}
        changed: set[Path] = set()
        for path in self._files():
            try:
                about = path.stat()
                stamps[path] = (about.st_mtime_ns, about.st_size)
                if stamps[path] != self._stamps.get(path):
                    digest = files.digest(path)
                    if digest != self._digests.get(path):
                        self._digests[path] = digest
                        changed.add(path)
            except OSError:  # it went between the look and the reading
                stamps.pop(path, None)
        gone = set(self._stamps) - set(stamps)
        for path in gone:
            self._digests.pop(path, None)
        self._stamps = stamps
        return changed | gone

    def settled(self, sleep: Callable[[float], None] = time.sleep) -> set[Path]:
        """Give what changed, once nothing changes any more: an editor may write several files, or one in steps."""
        changed = self.look()
        waited = 0.0
        more = changed
        while more and waited < LONGEST:
            sleep(SETTLED)
            waited += SETTLED
            more = self.look()
            changed |= more
        return changed

    def _files(self) -> Iterator[Path]:
        seen: set[Path] = set()
        for root in self.roots:
            found = sorted(root.rglob("*")) if root.is_dir() else [root]
            for path in found:
                inside = path.relative_to(root).parts if root.is_dir() else (path.name,)
                kept = not any(_passing(part) for part in inside)
                if kept and path not in seen and path.is_file() and not any(map(path.is_relative_to, self.without)):
                    seen.add(path)
                    yield path


def _passing(name: str) -> bool:
    """Tell the names of what is hidden, of caches, and of what editors leave while they save."""
    return name.startswith((".", "#")) or name.endswith(("~", ".tmp", ".swp")) or name in {"__pycache__", "4913"}
