import os
import tempfile
from pathlib import Path


def main():
    empty_at_start = os.listdir(".")
    folder = Path("data") / "in"
    folder.mkdir(parents=True)
    (folder / "numbers.txt").write_text("1\n2\n3\n")
    os.rename(folder / "numbers.txt", "moved.txt")
    with tempfile.NamedTemporaryFile() as scratch:
        in_tmp = Path(scratch.name).parent == Path("/tmp")
    return {
        "empty_at_start": empty_at_start,
        "cwd": os.getcwd(),
        "home": str(Path.home()),
        "tempdir": tempfile.gettempdir(),
        "scratch_in_tmp": in_tmp,
        "sum": sum(int(line) for line in Path("moved.txt").read_text().split()),
        "tree": sorted(str(path) for path in Path(".").rglob("*")),
        "size": os.stat("moved.txt").st_size,
    }
