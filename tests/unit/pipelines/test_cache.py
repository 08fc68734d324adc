"""The cache of pages. Authority: whole or not there, and the first one stays."""

import os

from pipelines.cache import Cache, link, swap


def held(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_a_page_is_put_once_and_the_first_stays(tmp_path):
    cache = Cache.beside(tmp_path / "site")
    assert cache.folder == tmp_path / ".site"
    cache.put("k", {"zh.html": b"1", "a/b.json": b"2"})
    number = cache.entry("k").stat().st_ino
    cache.put("k", {"zh.html": b"other"})
    assert held(cache.entry("k")) == {"zh.html": b"1", "a/b.json": b"2"}
    assert cache.entry("k").stat().st_ino == number
    assert cache.holds("k")
    assert not cache.holds("l")


def test_a_failed_page_is_replaced_by_its_next_attempt(tmp_path):
    cache = Cache(tmp_path)
    cache.put("k.failed", {"zh.html": b"1", "incident.ipynb": b""}, replace=True)
    cache.put("k.failed", {"zh.html": b"2"}, replace=True)
    assert held(cache.entry("k.failed")) == {"zh.html": b"2"}


def test_what_a_killed_run_left_is_swept_and_nothing_else(tmp_path):
    cache = Cache(tmp_path)
    cache.put("k", {"zh.html": b"1"})
    (cache.workshop() / "half.html").write_bytes(b"")
    cache.sweep()
    assert not (tmp_path / "work").exists()
    assert cache.holds("k")


def test_a_file_is_linked_or_where_there_are_no_links_copied(tmp_path, monkeypatch):
    source = tmp_path / "a"
    source.write_bytes(b"1")
    link(source, tmp_path / "x" / "b")
    assert (tmp_path / "x" / "b").stat().st_ino == source.stat().st_ino

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    link(source, tmp_path / "c")
    assert (tmp_path / "c").read_bytes() == b"1"
    assert (tmp_path / "c").stat().st_ino != source.stat().st_ino


def test_a_swapped_file_leaves_nothing_beside_it(tmp_path):
    swap(tmp_path / "latest", b"2026-08-01\n")
    swap(tmp_path / "latest", b"2026-08-02\n")
    assert held(tmp_path) == {"latest": b"2026-08-02\n"}


def test_of_old_pages_those_of_an_issue_stay(tmp_path):
    cache = Cache(tmp_path)
    for key in ("old", "young", "published"):
        cache.put(key, {"zh.html": b"1", "page.json": b"{}"})
    link(cache.entry("published") / "zh.html", tmp_path / "site" / "zh.html")
    for key in ("old", "published"):
        os.utime(cache.entry(key), (0, 0))
    cache.sweep()
    assert [cache.holds(key) for key in ("old", "young", "published")] == [False, True, True]
