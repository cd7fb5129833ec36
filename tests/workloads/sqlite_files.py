import multiprocessing
import os
import sqlite3
import threading

EXPECTED = {"wal": "wal", "rows": 200, "locked": "database is locked", "rolled back": 200, "backup": 200,
            "integrity": "ok", "functions": [2, "A"], "memory": [[1]], "temporary": 1, "blob": "6f6e65",
            "from threads": 40, "journal modes": ["delete", "truncate", "persist", "memory", "off"], "vacuum": True}


def insert(mark):
    base = sqlite3.connect("shared.db", timeout=20, isolation_level=None)
    for number in range(50):
        base.execute("insert into t values (?, ?)", (mark, number))
    base.close()


def try_to_write(queue):
    base = sqlite3.connect("shared.db", timeout=0)
    try:
        base.execute("begin immediate")
        queue.put("no lock")
    except sqlite3.OperationalError as error:
        queue.put(str(error))


def main():
    fork = multiprocessing.get_context("fork")
    base = sqlite3.connect("shared.db", isolation_level=None)
    mode = base.execute("pragma journal_mode = wal").fetchone()[0]
    base.execute("create table t (mark, number)")
    writers = [fork.Process(target=insert, args=(mark,)) for mark in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    rows = base.execute("select count(*) from t").fetchone()[0]
    base.execute("begin immediate")
    base.execute("delete from t")
    queue = fork.Queue()
    other = fork.Process(target=try_to_write, args=(queue,))
    other.start()
    locked = queue.get(timeout=20)
    other.join()
    base.execute("rollback")
    base.create_function("double", 1, lambda n: 2 * n)
    with sqlite3.connect("copy.db") as copy:
        base.backup(copy)
    blobs = sqlite3.connect(":memory:")
    blobs.execute("create table b (data)")
    blobs.execute("insert into b values (zeroblob(3))")
    with blobs.blobopen("b", "data", 1) as blob:
        blob.write(b"one")
    modes, plain = [], sqlite3.connect("plain.db", isolation_level=None, check_same_thread=False)
    for name in EXPECTED["journal modes"]:
        modes.append(plain.execute(f"pragma journal_mode = {name}").fetchone()[0])
        plain.execute("create table if not exists p (n)")
        plain.execute("insert into p values (1)")

    def from_thread():
        own = sqlite3.connect("shared.db", timeout=20)
        with own:
            own.executemany("insert into t values ('thread', ?)", [(n,) for n in range(10)])

    threads = [threading.Thread(target=from_thread) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    plain.execute("vacuum")
    base.execute("create temporary table temporary (n)")
    base.execute("insert into temporary values (1)")
    return {
        "wal": mode, "rows": rows, "locked": locked,
        "rolled back": base.execute("select count(*) from t where mark != 'thread'").fetchone()[0],
        "backup": copy.execute("select count(*) from t").fetchone()[0],
        "integrity": base.execute("pragma integrity_check").fetchone()[0],
        "functions": list(base.execute("select double(1), upper('a')").fetchone()),
        "memory": [list(row) for row in sqlite3.connect(":memory:").execute("select 1")],
        "temporary": base.execute("select count(*) from temporary").fetchone()[0],
        "blob": blobs.execute("select data from b").fetchone()[0].hex(),
        "from threads": base.execute("select count(*) from t where mark = 'thread'").fetchone()[0],
        "journal modes": modes,
        "vacuum": os.path.getsize("plain.db") > 0,
    }
