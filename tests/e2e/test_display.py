"""Values that a script shows, and figures that it leaves open."""

import base64
import struct
import textwrap
import xml.etree.ElementTree

import pytest
from support import ENVELOPE, Server

SHOWN = ENVELOPE | {"display"}


@pytest.fixture(scope="module")
def small():
    """A server that shows little."""
    running = Server("--display-items", "4", "--display-item-kb", "8", "--display-kb", "20", "--pool-size", "2")
    yield running
    running.stop()


def png_size(text: str) -> tuple[int, int]:
    image = base64.b64decode(text, validate=True)
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", image[16:24])


def bundles(answer) -> list[dict]:
    for bundle in answer.body["display"]:
        assert set(bundle) == {"data"} and bundle["data"]
    return [bundle["data"] for bundle in answer.body["display"]]


def test_values_come_in_their_representations_and_order(server):
    answer = server.run("""
        import pandas as pd
        class Rich:
            def __repr__(self): return "rich"
            def _repr_html_(self): return "<b>é</b>"
            def _repr_markdown_(self): return "**é**"
            def _repr_latex_(self): return "$e$"
            def _repr_svg_(self): return "<svg/>"
            def _repr_png_(self): return b"\\x89PNG"
            def _repr_jpeg_(self): return "/9j/"
            def _repr_json_(self): return {"a": [1, None]}, {"expanded": True}
        class Mime:
            def _repr_mimebundle_(self, include=None, exclude=None):
                return {"application/vnd.vegalite.v5+json": {"mark": "bar"}, "text/plain": "mime"}, {}
            def _repr_html_(self): return None
        display(1, "two")
        def main():
            print("between")
            display(pd.DataFrame({"a": [1]}))
            display(Rich())
            display(Mime())
            return "done" """, display=True)
    assert (answer.http, answer.result, answer.stdout) == (200, "done", "between\n"), answer
    assert set(answer.body) == SHOWN
    assert answer.body["truncated"] == {"stdout": False, "stderr": False, "display": False}
    one, two, frame, rich, mime = bundles(answer)
    assert (one, two) == ({"text/plain": "1"}, {"text/plain": "'two'"})
    assert frame["text/plain"] == "   a\n0  1" and "<table" in frame["text/html"]
    assert rich == {
        "text/plain": "rich", "text/html": "<b>é</b>", "text/markdown": "**é**", "text/latex": "$e$",
        "image/svg+xml": "<svg/>", "image/png": base64.b64encode(b"\x89PNG").decode(), "image/jpeg": "/9j/",
        "application/json": {"a": [1, None]}}
    assert mime == {"text/plain": "mime", "application/vnd.vegalite.v5+json": {"mark": "bar"}}


@pytest.mark.parametrize("asked", [{}, {"display": False}, {"display": None}])
def test_unasked_it_prints_and_the_answer_is_as_ever(server, asked):
    answer = server.run("""
        import sys
        class Rich:
            def __repr__(self): return "rich"
            def _repr_html_(self): raise SystemExit
        def main():
            display(1, "two", Rich())
            display()
            return "matplotlib" in sys.modules""", **asked)
    assert (answer.result, answer.stdout) == (False, "1\n'two'\nrich\n"), answer
    assert set(answer.body) == ENVELOPE
    assert answer.body["truncated"] == {"stdout": False, "stderr": False}


def test_figures_that_are_open_come_without_a_word_of_the_script(server):
    answer = server.run("""
        import matplotlib, matplotlib.pyplot as plt
        def main():
            plt.figure(figsize=(3, 2), dpi=50).gca().plot([1, 4, 9])
            plt.close(plt.figure())
            plt.figure(figsize=(4, 1), dpi=100)
            plt.figure(1)
            return matplotlib.get_backend().lower()""", display=True)
    assert answer.result == "agg", answer
    first, second = bundles(answer)
    assert set(first) == set(second) == {"image/png"}
    assert (png_size(first["image/png"]), png_size(second["image/png"])) == ((150, 100), (400, 100))


def test_figures_as_svg_and_of_a_script_that_fails(server):
    answer = server.run("""
        import matplotlib.pyplot as plt
        def main():
            figure, axes = plt.subplots()
            axes.plot([1, 4, 9])
            display(figure)
            raise ValueError("later")""", display={"figures": "svg"})
    assert (answer.http, answer.status) == (400, "exception"), answer
    shown, left_open = bundles(answer)
    assert set(shown) == {"text/plain", "image/svg+xml"} and set(left_open) == {"image/svg+xml"}
    assert xml.etree.ElementTree.fromstring(left_open["image/svg+xml"]).tag.endswith("svg")


def test_matplotlib_is_not_imported_for_scripts_that_do_without(server):
    answer = server.run("""
        import sys
        import pandas
        def main():
            display(pandas.Series([1]))
            return [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]""", display=True)
    assert answer.result == [] and len(bundles(answer)) == 1, answer


def test_what_was_shown_survives_any_end(server):
    for end, status in (("while True: pass", "timeout"), ("import os; os._exit(3)", "exited"),
                        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed"),
                        ("raise KeyError", "exception")):
        answer = server.run(f"def main():\n    display('so far')\n    {end}", display=True, limits={"wall_s": 0.5})
        assert (answer.status, bundles(answer)) == (status, [{"text/plain": "'so far'"}]), answer


def test_a_huge_figure_ends_in_an_honest_answer(server):
    answer = server.run("""
        import matplotlib.pyplot as plt
        def main():
            plt.figure(figsize=(200, 200), dpi=100)
            plt.figure(figsize=(1, 1), dpi=10)
            plt.figure(figsize=(1000, 1000), dpi=100)
            return "done" """, display=True)
    assert (answer.http, answer.result) == (200, "done"), answer
    assert [png_size(bundle["image/png"]) for bundle in bundles(answer)] == [(10, 10)]
    assert answer.body["truncated"]["display"] is True
    assert answer.body["display_skipped"] == [
        {"type": "image/png", "reason": f"too large for this answer: {side} x {side} pixels, of which at most 16777216 "
                                        "are drawn"} for side in (20000, 100000)]


JUNK = """
    import sys
    class Junk:
        def __repr__(self): return "junk"
        def _repr_html_(self): {body}
    class Proxy:
        def __getattr__(self, name): return lambda *args, **kwargs: "anything"
        def __repr__(self): return "proxy"
    def main():
        display(Junk())
        display(Proxy(), Junk)
        return "done"
    """


@pytest.mark.parametrize("body, reason", [
    ("raise ValueError('no')", "ValueError: no"),
    ("return self._repr_html_()", "RecursionError"),
    ("return 1", "TypeError: text/html can't be made of int"),
    ("return object()", "TypeError: text/html can't be made of object"),
    ("return [self]", "TypeError"),
    ("sys.exit(3)", "SystemExit: 3"),
    ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    ("raise MemoryError", "MemoryError"),
    ("raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})", "an exception without a message"),
    ("raise ValueError('x' * 10**6)", "ValueError: xxx"),
])
def test_a_representation_that_fails_is_harmless(server, body, reason):
    answer = server.run(JUNK.format(body=body), display=True)
    assert (answer.http, answer.result) == (200, "done"), answer
    junk, proxy, kind = bundles(answer)
    assert (junk, proxy, set(kind)) == ({"text/plain": "junk"}, {"text/plain": "proxy"}, {"text/plain"})
    [skipped] = answer.body["display_skipped"]
    assert skipped["type"] == "text/html" and len(skipped["reason"]) < 300
    assert skipped["reason"].startswith("it could not be made: " + reason)
    assert answer.body["truncated"]["display"] is False


@pytest.mark.parametrize("body", ["print('aside'); return '<b>'", "display('nested'); return '<b>'",
                                  "return 'a\\ud800b'", "return b'<b>\\xff'"])
def test_a_representation_may_do_odd_things(server, body):
    answer = server.run(JUNK.format(body=body), display=True)
    assert (answer.result, answer.stdout) == ("done", "aside\n" if "aside" in body else ""), answer
    assert all("text/html" in bundle for bundle in bundles(answer) if bundle["text/plain"] == "junk")
    assert "display_skipped" not in answer.body


def test_a_bundle_of_junk_is_told(server):
    answer = server.run("""
        class Bundle:
            def __init__(self, bundle): self.bundle = bundle
            def __repr__(self): return "bundle"
            def _repr_mimebundle_(self, include=None, exclude=None): return self.bundle
        def main():
            for bundle in (1, "text", {"no type": "x"}, {1: "x"}, {"text/html": object()}, {"a/b\\n": "x"},
                           {"application/json": float("nan")}, {"image/png": "?"}):
                display(Bundle(bundle))
            display(Bundle({f"a/b{n}": "x" for n in range(100)}))""", display=True)
    assert answer.http == 200, answer
    assert [bundle["text/plain"] for bundle in bundles(answer)] == ["bundle"] * 9
    assert len(bundles(answer)[-1]) == 31
    assert len(answer.body["display_skipped"]) in (8, 9), answer.body["display_skipped"]


def test_why_a_bundle_failed_is_told(server):
    answer = server.run("""
        class Bundle:
            def _repr_mimebundle_(self, include=None, exclude=None): raise KeyError("column")
        def main(): display(Bundle())""", display=True)
    assert answer.body["display_skipped"] == [{"type": None, "reason": "it could not be made: KeyError: 'column'"}]


MANY = {"type": None, "reason": "too many for this answer: at most 4 values (display-items)"}


def test_numbers_and_sizes_are_bounded(small):
    answer = small.run("def main():\n    for n in range(10): display(n)", display=True)
    assert [bundle["text/plain"] for bundle in bundles(answer)] == ["0", "1", "2", "3"]
    assert answer.body["display_skipped"] == [MANY]
    assert answer.body["truncated"]["display"] is True

    answer = small.run("""
        class Sized:
            def __init__(self, size): self.size = size
            def __repr__(self): return ""
            def _repr_html_(self): return "x" * self.size
        def main():
            for size in (8192, 8193, 8192, 4097, 4096): display(Sized(size))""", display=True)
    assert [len(bundle.get("text/html", "")) for bundle in bundles(answer)] == [8192, 0, 8192, 0], answer
    assert answer.body["display_skipped"] == (
        [{"type": "text/html", "reason": "too large for this answer: at most 8 KB each (display-item-kb) and 20 KB "
          "together (display-kb)"}] * 2 + [MANY])

    answer = small.run("""
        import matplotlib.pyplot as plt
        def main():
            for number in range(7): plt.figure(figsize=(1, 1), dpi=10)
            plt.figure(3).set_size_inches(20, 20)
            plt.figure(3).set_dpi(100)
            plt.figure(3).gca().plot(range(9))""", display=True)
    assert [png_size(bundle["image/png"]) for bundle in bundles(answer)] == [(10, 10)] * 4
    assert [skipped["type"] for skipped in answer.body["display_skipped"]] == ["image/png", None], answer


def test_forked_children_and_threads(server):
    answer = server.run("""
        import multiprocessing, threading
        def main():
            child = multiprocessing.Process(target=display, args=("from a child",))
            child.start(); child.join()
            threads = [threading.Thread(target=display, args=(n,)) for n in range(40)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()""", display=True)
    assert answer.stdout == "'from a child'\n", answer
    assert sorted(int(bundle["text/plain"]) for bundle in bundles(answer)) == list(range(40))


def test_a_script_may_have_a_display_of_its_own(server):
    answer = server.run("def display(x): return x + 1\ndef main(): return display(1)", display=True)
    assert (answer.result, bundles(answer)) == (2, [])


FORGE = textwrap.dedent("""
    import os, socket, struct
    def main(parts):
        for number in range(1000, 1010):
            try: channel = socket.socket(fileno=os.dup(number)); break
            except OSError: pass
        segment = lambda text: struct.pack("<I", len(text)) + text
        payload = b"".join(bytes([state]) + segment(kind.encode()) + segment(data.encode("latin-1"))
                           for state, kind, data in parts)
        channel.sendall(struct.pack("<IB", len(payload), 7) + payload)
        return "done"
    """)


def test_forged_values_reach_no_client(server):
    fine = [[0, "text/plain", "forged"]]
    answer = server.run(FORGE, args=[fine], display=True)
    assert (answer.result, bundles(answer)) == ("done", [{"text/plain": "forged"}]), answer
    for parts in ([[0, "text/plain", "\xff"]], [[0, "application/json", "{]"]], [[0, "x", "y"]], [], [[9, "a/b", ""]],
                  [[0, 'text/"', "y"]], fine * 2, fine * 33):
        answer = server.run(FORGE, args=[parts], display=True)
        assert answer.result is None and bundles(answer) == [], (parts, answer)
    unasked = server.run(FORGE, args=[fine])
    assert unasked.result is None and set(unasked.body) == ENVELOPE


@pytest.mark.parametrize("display", [1, "svg", [], {"figures": "pdf"}, {"figures": None}, {"x": 1},
                                     {"figures": ["png"]}])
def test_bad_wishes_are_refused(server, display):
    answer = server.run("def main(): return 'has run'", display=display)
    assert (answer.http, answer.status, answer.result) == (400, "invalid_request", None), answer
    assert "display" in answer.error
