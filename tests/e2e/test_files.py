"""Files that a request brings and an answer takes along."""

import base64
import subprocess
import textwrap

import pytest
from support import ENVELOPE, REPO, BINARY

READ_ALL = """
    import os
    def main():
        seen = {}
        for folder, _, names in os.walk("."):
            for name in names:
                path = os.path.join(folder, name)
                seen[os.path.relpath(path)] = open(path, "rb").read().decode("latin-1")
        return seen
    """


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def contents(answer) -> dict[str, bytes]:
    for file in answer.body["files"]:
        assert set(file) == {"path", "size", "content_base64"}
        assert file["size"] == len(base64.b64decode(file["content_base64"], validate=True))
    return {file["path"]: base64.b64decode(file["content_base64"]) for file in answer.body["files"]}


def test_files_are_in_the_working_directory(server):
    answer = server.run(READ_ALL, files=[
        {"path": "data.csv", "content": "a,b\n1,2\n"},
        {"path": "deep/er/ünï.bin", "content_base64": encoded(bytes(range(256)))},
        {"path": "empty", "content": ""},
    ])
    assert answer.result == {
        "data.csv": "a,b\n1,2\n", "deep/er/ünï.bin": bytes(range(256)).decode("latin-1"), "empty": ""}, answer
    assert answer.body["files"] == []


def test_pandas_reads_one_and_leaves_another(server):
    answer = server.run("""
        import os
        import pandas as pd
        def main():
            os.mkdir("output")
            frame = pd.read_csv("in.csv")
            frame.assign(c=frame.a + frame.b).to_csv("output/out.csv", index=False)
            return len(frame)""", files=[{"path": "in.csv", "content": "a,b\n1,2\n3,4\n"}])
    assert answer.result == 2, answer
    assert contents(answer) == {"output/out.csv": b"a,b,c\n1,2,3\n3,4,7\n"}


def test_what_is_left_in_output_comes_back_in_order(server):
    answer = server.run("""
        import os
        def main():
            os.makedirs("output/plots")
            open("output/b.txt", "w").write("two")
            open("output/plots/a.bin", "wb").write(bytes([0, 255]))
            open("elsewhere.txt", "w").write("stays")
            open("/dev/shm/too", "w").write("stays")""")
    assert [file["path"] for file in answer.body["files"]] == ["output/b.txt", "output/plots/a.bin"]
    assert contents(answer) == {"output/b.txt": b"two", "output/plots/a.bin": b"\0\xff"}
    assert "files_skipped" not in answer.body


def test_a_script_that_fails_leaves_its_files_too(server):
    answer = server.run("import os\ndef main():\n    os.mkdir('output')\n    open('output/log', 'w').write('so far')\n"
                        "    raise ValueError('x')")
    assert (answer.status, contents(answer)) == ("exception", {"output/log": b"so far"})


def test_links_and_special_files_are_named_and_left_out(server):
    answer = server.run("""
        import os, socket
        def main():
            os.mkdir("output")
            os.symlink("/etc/passwd", "output/link")
            os.symlink("/", "output/root")
            os.mkfifo("output/fifo")
            socket.socket(socket.AF_UNIX).bind("output/socket")
            open("output/with\\nnewline", "w").close()
            open(b"output/\\xff", "w").close()
            open("output/secret", "w").close()
            os.chmod("output/secret", 0)
            open("output/good", "w").write("x")""")
    assert contents(answer) == {"output/good": b"x"}, answer
    assert sorted((str(file["path"]), file["reason"]) for file in answer.body["files_skipped"]) == [
        ("None", "its name is no plain path"), ("None", "its name is no plain path"),
        ("output/fifo", "not a regular file"), ("output/link", "a symbolic link"), ("output/root", "a symbolic link"),
        ("output/secret", "not readable"), ("output/socket", "not a regular file")]


@pytest.mark.parametrize("replace, reason", [
    ("os.symlink('/etc', 'output')", "a symbolic link"),
    ("open('output', 'w').write('file')", "not a folder"),
    ("os.mkfifo('output')", "not a folder"),
    ("os.mkdir('output'); os.rmdir('output')", None),
    ("os.mkdir('output', 0)", "not readable"),
    ("os.chdir('/usr')", None),
])
def test_a_folder_that_is_none_has_no_files_and_is_named(server, replace, reason):
    answer = server.run(f"import os\ndef main():\n    {replace}\n    return 1")
    assert (answer.result, answer.body["files"]) == (1, []), answer
    skipped = [{"path": "output", "reason": reason}] if reason else None
    assert answer.body.get("files_skipped") == skipped, answer


def test_output_is_found_wherever_the_script_goes(server):
    answer = server.run("import os\ndef main():\n    os.mkdir('output')\n    open('output/x', 'w').write('1')\n"
                        "    os.chdir('/')")
    assert contents(answer) == {"output/x": b"1"}


def test_files_of_an_answer_are_bounded(start_server):
    server = start_server("--files-mb", "1", "--pool-size", "2")
    answer = server.run("""
        import os
        def main():
            os.mkdir("output")
            open("output/a", "wb").write(bytes(1 << 20))
            open("output/b", "wb").write(b"x")
            open("output/c", "wb").close()""")
    assert {path: len(content) for path, content in contents(answer).items()} == {"output/a": 1 << 20, "output/c": 0}
    assert answer.body["files_skipped"] == [{"path": "output/b", "reason":
                                             "too large for this answer, whose files have at most 1 MB together"}]

    answer = server.run("import os\ndef main():\n    os.mkdir('output')\n"
                        "    for number in range(300): open(f'output/{number:03}', 'w').close()")
    assert len(answer.body["files"]) == 256
    assert answer.body["files_skipped"] == [{"path": None, "reason": "too many files, or folders too deep: at most 256 "
                                             "files in 16 levels; an archive is one file"}]

    whole = {"path": "a", "content_base64": encoded(bytes(1 << 20))}
    assert server.run("import os\ndef main(): return os.path.getsize('a')", files=[whole]).result == 1 << 20
    refused = server.run("def main(): pass", files=[whole, {"path": "b", "content": "x"}])
    assert (refused.http, refused.status) == (400, "invalid_request")
    assert refused.error == "The files have more than 1 MB together, the limit 'files-mb'"


def test_files_that_find_no_room_are_told(start_server):
    server = start_server("--workdir-mb", "1", "--pool-size", "2")
    files = [{"path": f"{number}", "content": "x" * 600_000} for number in range(2)]
    answer = server.run("def main(): return 'has run'", files=files)
    assert (answer.http, answer.status, answer.result) == (400, "invalid_request", None), answer
    assert answer.error == "Could not place the file '1': No space left on device"


@pytest.mark.parametrize("path", [
    "../x", "a/../../x", "/etc/passwd", "a\0b", "x" * 4096, "", ".", "..", "a//b", "a/", "./a", "output",
    "\N{SNOWMAN}" * 90, "a\nb"])
def test_hostile_names_are_refused(server, path):
    answer = server.run("def main(): return 'has run'", files=[{"path": path, "content": ""}])
    assert (answer.http, answer.status, answer.result) == (400, "invalid_request", None), answer
    assert "files" in answer.error and len(answer.error) < 500


@pytest.mark.parametrize("files", [
    [{"path": "a", "content": ""}] * 2, [{"path": "a", "content": ""}, {"path": "a/b", "content": ""}],
    [{"path": str(number), "content": ""} for number in range(10_000)], [{"path": "a"}], [{"content": "x"}],
    [{"path": "a", "content_base64": "?"}], [{"path": "a", "content_base64": "eA"}],
    [{"path": "a", "content": "x", "content_base64": "eA=="}], [{"path": "a", "content": 1}], [None], "a", 1, {}])
def test_bad_entries_are_refused(server, files):
    answer = server.run("def main(): return 'has run'", files=files)
    assert (answer.http, answer.status, answer.result) == (400, "invalid_request", None), answer
    assert "files" in answer.error


@pytest.mark.parametrize("files", [None, []])
def test_no_files_are_no_files(server, files):
    answer = server.run("import os\ndef main(): return os.listdir()", files=files)
    assert (answer.result, answer.body["files"]) == ([], [])
    assert set(answer.body) == ENVELOPE


def test_device_names_are_names(server):
    files = [{"path": name, "content": name} for name in ("con", "nul", "dev/null", "dev/sda", "-rf", "~", "$(id)")]
    answer = server.run(READ_ALL, files=files)
    assert answer.result == {file["path"]: file["path"] for file in files}


def test_forged_paths_reach_no_client(server):
    """What claims to be a file of the answer, but is none below output/, ends the execution."""
    forge = textwrap.dedent("""
        import os, socket, struct
        def main(path):
            # The cell's channel, which the runner answers on.
            for number in range(1000, 1010):
                try: channel = socket.socket(fileno=os.dup(number)); break
                except OSError: pass
            segment = lambda text: struct.pack("<I", len(text)) + text
            files = b"\\0" + segment(path.encode()) + segment(b"evil")
            channel.sendall(struct.pack("<IB", len(files), 6) + files)
            return "done"
        """)
    assert server.run(forge, args=["output/fine"]).result == "done"
    for path in ("../evil", "/etc/cron.d/evil", "output/../../evil", "evil", "output/", ""):
        answer = server.run(forge, args=[path])
        assert answer.result is None and answer.body["files"] == [], (path, answer)
    assert server.run("def main(): return 42").result == 42
