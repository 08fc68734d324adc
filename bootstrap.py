"""Set up `.venv` from the hash lock: only what the named extras need, then the project itself.

Usage: python3 bootstrap.py [lab] [dev]
"""

import hashlib
import re
import subprocess
import sys
import tomllib
import venv
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
KERNELSPEC = "pipelines/kernelspec/kernel.json"  # installed with the project, not linked
# What installs the project in place, without a network look-up of its own.
BUILD = {"hatchling", "editables"}


def canonical(requirement: str) -> str:
    """Return the name of a requirement as indexes spell it."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", name.group().lower()) if name else ""


def wanted(extras: set[str]) -> set[str]:
    """Return the packages that the project asks for itself, with some extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = list(project["dependencies"])
    for extra in extras:
        asked += project["optional-dependencies"][extra]
    return {canonical(line) for line in asked} | BUILD


def blocks(lock: str) -> list[tuple[str, set[str], str]]:
    """Return the lock's entries: package, the packages it is there for, and its text."""
    found = []
    for text in re.split(r"\n(?=\S)", lock):
        if "==" in text.split("\n", 1)[0]:
            parents = re.findall(r"^\s+#\s+(?:via )?([A-Za-z0-9._-]+)", text, flags=re.MULTILINE)
            found.append((canonical(text), {canonical(p) for p in parents} - {"via"}, text))
    return found


def selection(lock: str, roots: set[str]) -> str:
    """Return the part of the lock that some packages and all they need stand in."""
    entries = blocks(lock)
    needs = defaultdict(set)
    for name, parents, _ in entries:
        for parent in parents:
            needs[parent].add(name)
    kept, open_ = set(), set(roots)
    while open_:
        kept |= open_
        open_ = set().union(*(needs[name] for name in open_)) - kept
    return "\n".join(text for name, _, text in entries if name in kept) + "\n"


def install(extras: set[str]) -> None:
    """Bring `.venv` up to date; nothing is done if it is."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    stamp = VENV / "installed.txt"
    done = stamp.read_text(encoding="utf-8").split() if stamp.exists() else []
    parts = [(ROOT / name).read_bytes() for name in ("pyproject.toml", KERNELSPEC)]
    mark = hashlib.sha256(b"".join([lock.encode(), *parts])).hexdigest()
    if mark in done and extras <= set(done):
        return
    extras |= set(done) & {"lab", "dev"}
    if not (VENV / "pyvenv.cfg").exists():
        venv.create(VENV, with_pip=True)
    part = VENV / "selection.txt"
    part.write_text(selection(lock, wanted(extras)), encoding="utf-8")
    pip = [VENV / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    subprocess.run([*pip, "--no-deps", "--require-hashes", "-r", part], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", ROOT], check=True)
    stamp.write_text(" ".join([mark, *sorted(extras)]), encoding="utf-8")


if __name__ == "__main__":
    install(set(sys.argv[1:]))
