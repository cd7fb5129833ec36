import subprocess
import sys
from pathlib import Path


def main():
    Path("b.txt").touch()
    Path("a.txt").touch()
    listing = subprocess.run(["ls", "-1"], capture_output=True, text=True, check=True)
    child = subprocess.run(
        [sys.executable, "-c", "import sys; print(sys.stdin.read().upper(), end=''); sys.exit(3)"],
        input="through a pipe",
        capture_output=True,
        text=True,
    )
    piped = subprocess.check_output("printf 'x\\ny\\nx\\n' | sort | uniq -c | wc -l", shell=True, text=True)
    subprocess.run(["echo", "a child's output is captured too"], check=True)
    return {
        "files": listing.stdout.split(),
        "child": [child.stdout, child.returncode],
        "lines": int(piped),
    }
