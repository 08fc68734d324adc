"""A reader never sees half a batch, and a killed writer loses nothing (architecture §3.2)."""

import multiprocessing
import random
import sys
import time

import killed_writer
import pytest

from marketing_models.cis import Store

BATCHES, KILLS = 50, 50


def test_the_same_batches_written_without_disturbance_are_each_visible_in_all_tables(tmp_path):
    store = Store.init(tmp_path / "s", unit_id="99")
    for number in range(4):
        store.write(killed_writer.batch(number))
        version, counts = killed_writer.seen(tmp_path / "s")
        assert version == number + 1
        assert set(counts.values()) == {number + 1}


@pytest.mark.slow
def test_fifty_kills_lose_nothing_and_no_read_is_torn(tmp_path):
    Store.init(tmp_path / "calm", unit_id="99")
    killed_writer.write(tmp_path / "calm", BATCHES)
    Store.init(tmp_path / "killed", unit_id="99")

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["marketing_models.cis"])
    stop, found = context.Event(), context.Queue()
    reader = context.Process(target=killed_writer.poll, args=(tmp_path / "killed", stop, found))
    reader.start()
    chance = random.Random(5)  # noqa: S311
    for _ in range(KILLS):
        writer = context.Process(target=killed_writer.write, args=(tmp_path / "killed", BATCHES))
        writer.start()
        time.sleep(chance.uniform(0.05, 0.5))
        writer.kill()
        writer.join()
    killed_writer.write(tmp_path / "killed", BATCHES)
    stop.set()
    reads = drained(found, reader)

    torn = [counts for _, counts in reads if len(set(counts.values())) > 1]
    sys.stdout.write(f"{len(reads)} reads under {KILLS} kills, {len(torn)} torn\n")
    assert len(reads) >= 50
    assert not torn
    assert Store.open(tmp_path / "killed").digest() == Store.open(tmp_path / "calm").digest()


def drained(found, reader):
    reads = []
    while reader.is_alive() or not found.empty():
        while not found.empty():
            reads.append(found.get())
        reader.join(0.05)
    return reads
