"""The cache of finished pages: one folder a key, put there by one rename, whole or not at all."""

import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

KEPT_DAYS = 30


@dataclass(frozen=True)
class Cache:
    """Pages by key, in a folder beside a site.

    Attributes
    ----------
    folder : Path
        Holds ``cache/``, ``work/`` and the lock; on the file system of the site, so that pages
        are linked into issues and not copied.
    """

    folder: Path

    @classmethod
    def beside(cls, site: Path) -> "Cache":
        """Return the cache of a site: never served with it."""
        return cls(site.with_name(f".{site.name}"))

    def entry(self, key: str) -> Path:
        """Return the folder of a key, whether it is there or not."""
        return self.folder / "cache" / key

    def holds(self, key: str) -> bool:
        """Tell whether a page of this key is finished."""
        return self.entry(key).is_dir()

    def put(self, key: str, files: Mapping[str, bytes], *, replace: bool = False) -> None:
        """Keep the files of a page; what is there already stays, unless it is to be replaced.

        Parameters
        ----------
        key : str
            Its key.
        files : mapping of str to bytes
            Content by file name.
        replace : bool
            True for a failed page, whose next attempt takes its place.
        """
        place = self.entry(key)
        if replace:
            shutil.rmtree(place, ignore_errors=True)
        elif place.is_dir():
            return
        work = self.workshop()
        for name, content in files.items():
            write(work / name, content)
        place.parent.mkdir(parents=True, exist_ok=True)
        work.rename(place)
        sync(place.parent)

    def workshop(self) -> Path:
        """Return a fresh folder to make something in before it is renamed to its place."""
        (self.folder / "work").mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=self.folder / "work"))
        made.chmod(0o755)
        return made

    def sweep(self) -> None:
        """Remove what a killed run left half-made, and pages that no issue has had for long."""
        shutil.rmtree(self.folder / "work", ignore_errors=True)
        for entry in (self.folder / "cache").glob("*"):
            is_old = time.time() - entry.stat().st_mtime > 86_400 * KEPT_DAYS
            # A file of an issue is another name of the one here.
            if is_old and all(path.stat().st_nlink == 1 for path in entry.iterdir()):
                shutil.rmtree(entry)


def write(path: Path, content: bytes) -> None:
    """Write a file so that a name, once it is there, never points at half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def swap(path: Path, content: bytes) -> None:
    """Replace a file in one step."""
    work = path.with_name(f".{path.name}.work")
    write(work, content)
    work.replace(path)
    sync(path.parent)


def link(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the file system has no links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def sync(folder: Path) -> None:
    """Make the names of a folder last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
