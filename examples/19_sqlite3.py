import sqlite3


def main(people):
    with sqlite3.connect("people.db") as db:
        db.execute("CREATE TABLE person (name TEXT PRIMARY KEY, age INTEGER CHECK (age >= 0))")
        db.executemany("INSERT INTO person VALUES (?, ?)", people)
    try:
        with sqlite3.connect("people.db") as db:
            db.execute("INSERT INTO person VALUES ('Nobody', -1)")
    except sqlite3.IntegrityError as error:
        refused = str(error)
    with sqlite3.connect("people.db") as db:
        db.row_factory = sqlite3.Row
        rows = [dict(row) for row in db.execute("SELECT * FROM person ORDER BY age DESC")]
        (average,) = db.execute("SELECT avg(age) FROM person").fetchone()
    return {"rows": rows, "average": average, "refused": refused}
