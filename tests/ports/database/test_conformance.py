"""What rooms may rely on, of every database."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from pioche.errors import Busy
from pioche.ports.database import Database, Tx, postgres, sqlite

from .conftest import Open, things


def add(database: Database, **values: object) -> int:
    with database.write() as tx:
        key = tx.execute(insert(things).values(**values)).inserted_primary_key
        assert key is not None
        return int(key[0])


def names(tx: Tx) -> list[str]:
    return [name for (name,) in tx.execute(select(things.c.name).order_by(things.c.name))]


# -- transactions --


def test_what_is_written_is_seen_by_everyone(database: Database, open_again: Open) -> None:
    add(database, name="a")
    for reader in (database, open_again()):
        with reader.read() as tx:
            assert names(tx) == ["a"]


def test_a_write_that_raises_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as tx:
            tx.execute(insert(things).values(name="a"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.read() as tx:
        assert names(tx) == []
    add(database, name="b")


def test_a_reader_keeps_what_it_saw(database: Database) -> None:
    add(database, name="a")
    with database.read() as tx:
        assert names(tx) == ["a"]
        add(database, name="b")
        assert names(tx) == ["a"]
    with database.read() as tx:
        assert names(tx) == ["a", "b"]


def test_nobody_sees_half_of_a_write(database: Database) -> None:
    with database.write() as tx:
        tx.execute(insert(things).values(name="a"))
        with database.read() as other:
            assert names(other) == []
        assert names(tx) == ["a"]


def test_now_stands_still_in_a_transaction(database: Database) -> None:
    for begin in (database.read, database.write):
        with begin() as tx:
            first = tx.now
            time.sleep(0.005)
            assert tx.now == first
        assert abs(first / 1000 - time.time()) < 5


def test_what_follows_a_commit_happens_only_then(database: Database) -> None:
    seen: list[list[str]] = []

    def look() -> None:
        with database.read() as tx:
            seen.append(names(tx))

    with database.write() as tx:
        tx.execute(insert(things).values(name="a"))
        tx.after_commit(look)
        assert seen == []
    assert seen == [["a"]]

    def fail() -> None:
        with database.write() as tx:
            tx.after_commit(look)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert seen == [["a"]]


# -- one writer at a time --


def test_who_reads_and_then_writes_loses_nothing(database: Database, open_again: Open) -> None:
    """Services count, decide and write in one transaction. Two processes do it here, eight threads each."""
    add(database, name="count", size=0)
    databases = [database, open_again()]

    def step(number: int) -> None:
        for _ in range(10):
            with databases[number % 2].write() as tx:
                size = tx.execute(select(things.c.size)).scalar_one()
                time.sleep(random.random() / 1000)
                tx.execute(update(things).values(size=size + 1))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(step, range(16)))
    with database.read() as tx:
        assert tx.execute(select(things.c.size)).scalar_one() == 160


def test_a_check_before_an_insert_holds(database: Database, open_again: Open) -> None:
    """No unique constraint helps here: only that nobody writes between the two."""
    databases = [database, open_again()]

    def claim(number: int) -> bool:
        with databases[number % 2].write() as tx:
            if tx.execute(select(func.count()).select_from(things)).scalar_one():
                return False
            time.sleep(0.01)
            tx.execute(insert(things).values(name=str(number)))
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(8))) == 1


def test_a_writer_that_waits_too_long_is_told(
    database: Database, open_again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (sqlite, postgres):
        monkeypatch.setattr(module, "BUSY_SECONDS", 0.3)
    monkeypatch.setattr(sqlite, "_CONNECT", {**sqlite._CONNECT, "timeout": 0.3})
    others = [database, open_again()]  # a thread of this process, and another process
    with database.write() as tx:
        tx.execute(insert(things).values(name="a"))
        for other in others:
            begun = time.monotonic()
            with ThreadPoolExecutor(1) as pool, pytest.raises(Busy):
                pool.submit(add, other, name="b").result()
            assert 0.2 < time.monotonic() - begun < 5
    for other in others:
        add(other, name=f"after{others.index(other)}")


def test_readers_do_not_wait_for_the_writer(database: Database) -> None:
    with database.write() as tx:
        tx.execute(insert(things).values(name="a"))
        begun = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lambda _: _count(database), range(40))) == [0] * 40
        assert time.monotonic() - begun < 5


def _count(database: Database) -> int:
    with database.read() as tx:
        return int(tx.execute(select(func.count()).select_from(things)).scalar_one())


# -- errors --


def test_a_read_changes_nothing(database: Database) -> None:
    with pytest.raises(DBAPIError), database.read() as tx:
        tx.execute(insert(things).values(name="a"))
    assert _count(database) == 0
    add(database, name="b")


def test_a_broken_rule_is_an_integrity_error(database: Database) -> None:
    add(database, name="a")
    with pytest.raises(IntegrityError):
        add(database, name="a")
    with pytest.raises(IntegrityError):
        add(database, name="b", text=None)
    assert _count(database) == 1
    add(database, name="c")


def test_an_error_does_not_spoil_the_connection(database: Database) -> None:
    for _ in range(10):
        with pytest.raises(DBAPIError), database.read() as tx:
            tx.execute(select(func.no_such_function()))
    assert _count(database) == 0


# -- types --


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**40, 2**63 - 1, -(2**63)])
def test_every_integer_has_64_bits(database: Database, number: int) -> None:
    add(database, size=number, small=number)
    with database.read() as tx:
        row = tx.execute(select(things.c.size, things.c.small).where(things.c.small == number)).one()
        assert tuple(row) == (number, number)
        assert tx.execute(select(things.c.id).where(things.c.id == 2**62)).first() is None


def test_a_number_may_be_given(database: Database) -> None:
    assert add(database, id=2**40, name="big") == 2**40
    assert add(database, name="b") != 2**40


def test_a_sum_is_whole(database: Database) -> None:
    add(database, size=2**40)
    add(database, size=2**40)
    with database.read() as tx:
        assert int(tx.execute(select(func.sum(things.c.size))).scalar_one()) == 2**41


@pytest.mark.parametrize("text", ["", "ß", "日本語 😀", "a" * 100_000, "'\"\\%_;--", "a\nb\tc\r", "\u2028\ufffd"])
def test_a_text_comes_back_as_it_was(database: Database, text: str) -> None:
    add(database, name=text, text=text)
    with database.read() as tx:
        row = tx.execute(select(things.c.name, things.c.text).where(things.c.text == text)).one()
    assert tuple(row) == (text, text)


def test_a_text_with_a_nul_is_no_error(database: Database) -> None:
    """PostgreSQL cannot keep it, and puts the character for what cannot be shown."""
    add(database, name="a\0b", text="\0")
    with database.read() as tx:
        row = tx.execute(select(things.c.name, things.c.text).where(things.c.name == "a\0b")).one()
        assert tx.execute(select(things.c.id).where(things.c.name == "ab")).first() is None
    assert tuple(row) in {("a\0b", "\0"), ("a\ufffdb", "\ufffd")}


def test_bytes_and_truths(database: Database) -> None:
    add(database, data=bytes(range(256)), flag=True)
    add(database)
    with database.read() as tx:
        rows = tx.execute(select(things.c.data, things.c.flag).order_by(things.c.id)).all()
    assert [tuple(row) for row in rows] == [(bytes(range(256)), True), (None, False)]


def test_texts_sort_by_their_bytes(database: Database) -> None:
    """Pages of a list go on after the last name, which the caller compares too."""
    texts = ["a", "B", "Z", "b", "a-b", "a_b", "a b", "ab", "é", "e", "f", "10", "9", "_", "-", "~"]
    for text in texts:
        add(database, name=text)
    with database.read() as tx:
        assert names(tx) == sorted(texts, key=lambda text: text.encode())
        rows = tx.execute(select(things.c.name).where(things.c.name > "a")).all()
    assert {name for (name,) in rows} == {text for text in texts if text > "a"}


# -- schema, version --


def test_a_change_of_the_schema_is_whole(database: Database) -> None:
    def half() -> None:
        with database.changing_schema() as connection:
            connection.exec_driver_sql("CREATE TABLE half (id INTEGER)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert (database.has_table("half"), database.has_table("things")) == (False, True)


def test_only_one_changes_the_schema(database: Database, open_again: Open) -> None:
    steps: list[str] = []

    def change(database: Database, name: str) -> None:
        with database.changing_schema() as connection:
            steps.append(f"{name} begins")
            connection.exec_driver_sql(f"CREATE TABLE {name} (id INTEGER)")
            time.sleep(0.2)
            steps.append(f"{name} ends")

    threads = [
        threading.Thread(target=change, args=(each, name)) for each, name in ((database, "x"), (open_again(), "y"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert steps in (
        ["x begins", "x ends", "y begins", "y ends"],
        ["y begins", "y ends", "x begins", "x ends"],
    )


def test_the_version_changes_with_every_commit_of_anyone(database: Database, open_again: Open) -> None:
    """Or it is None, always."""
    writers = [database, open_again()]
    _count(database)
    before = database.version()
    _count(database)
    assert database.version() == before
    for number, writer in enumerate(writers):
        add(writer, name=str(number))
        after = database.version()
        assert (after is None) if before is None else (after != before)
        before = after


def test_a_healthy_database_has_no_faults(database: Database) -> None:
    assert database.faults() == []
