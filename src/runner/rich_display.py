"""What a script shows: display(), and the figures that it leaves open. Compiled into the zygote.

A value is asked for the representations that notebooks know. The methods that it is asked through are the
script's own: whatever they raise or return, the run goes on, and the answer tells what is missing.
"""

import binascii
import builtins
import io
import json
import os
import sys

# The numbers are protocol::DisplayPart::State's.
WHOLE, TOO_LARGE, TOO_MANY, FAILED = range(4)

METHODS = (
    ("_repr_html_", "text/html"),
    ("_repr_markdown_", "text/markdown"),
    ("_repr_svg_", "image/svg+xml"),
    ("_repr_png_", "image/png"),
    ("_repr_jpeg_", "image/jpeg"),
    ("_repr_pdf_", "application/pdf"),
    ("_repr_latex_", "text/latex"),
    ("_repr_json_", "application/json"),
    ("_repr_javascript_", "application/javascript"),
)
FIGURE_TYPES = {"png": "image/png", "svg": "image/svg+xml"}
# A canvas takes four bytes for each, and as much again while it is compressed.
MAX_PIXELS = 16 << 20
DETAIL_LIMIT = 200

_encode = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode
_a2b_base64 = binascii.a2b_base64
_getpid = os.getpid
_print = builtins.print

_show = None  # takes the parts of one value; None where nobody has asked
_format = "png"
_item_bytes = 0
_pid = 0


class _TooLarge(Exception):
    """With a word on the size, where one is known."""


class _Bounded(io.BytesIO):
    """A file in memory that ends the drawing once it is larger than the answer may hold."""

    def write(self, data):
        if self.tell() + len(data) > _item_bytes:
            raise _TooLarge
        return super().write(data)


def begin(show, form, item_bytes):
    """From now on values are shown through `show`."""
    global _show, _format, _item_bytes, _pid
    _show, _format, _item_bytes, _pid = show, form, item_bytes, _getpid()


def _active():
    # A child that the script has forked shares the way out with its parent and must not write to it.
    return _show is not None and _getpid() == _pid


def _why(error):
    try:
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    except BaseException:
        text = "an exception without a message"
    return text[:DETAIL_LIMIT].encode("utf-8", "replace")


def _is_json(kind):
    return kind == "application/json" or kind.endswith("+json")


def _is_binary(kind):
    """As protocol::display_kind() has it."""
    if kind in ("application/pdf", "application/octet-stream"):
        return True
    return kind.startswith(("image/", "audio/", "video/", "font/")) and not kind.endswith("+xml")


def _data(kind, value):
    if _is_json(kind):
        return _encode(value).encode("utf-8")
    if isinstance(value, str):
        # Images come as base64 too, as in a notebook's file.
        return _a2b_base64(value) if _is_binary(kind) else value.encode("utf-8", "replace")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value) if _is_binary(kind) else bytes(value).decode("utf-8", "replace").encode("utf-8")
    raise TypeError(f"{kind} can't be made of {type(value).__name__}")


def _add(parts, kind, make):
    """One representation, or a word on why there is none. `make` returns None for a value that has none."""
    name = kind.encode("utf-8", "replace")
    try:
        value = make()
        if value is not None:
            parts.append((WHOLE, name, _data(kind, value)))
    except _TooLarge as error:
        parts.append((TOO_LARGE, name, str(error).encode("utf-8")))
    except BaseException as error:
        parts.append((FAILED, name, _why(error)))


def _call(value, method):
    found = getattr(value, method, None)
    if not callable(found):
        return None
    made = found()
    # Some return what is to be known about the representation beside it.
    return made[0] if isinstance(made, tuple) and len(made) == 2 else made


def _bundle(value):
    made = value._repr_mimebundle_(include=None, exclude=None)
    if isinstance(made, tuple):
        made = made[0]
    if made is None:
        return {}
    if not isinstance(made, dict):
        raise TypeError(f"_repr_mimebundle_ returned {type(made).__name__}, not dict")
    return {str(kind): data for kind, data in made.items() if data is not None}


def _has(owner, name):
    try:
        return hasattr(owner, name)
    except BaseException:
        return False


def _is_figure(value):
    module = sys.modules.get("matplotlib.figure")
    try:
        return module is not None and isinstance(value, module.Figure)
    except BaseException:
        return False


def _drawn(figure):
    width, height = figure.get_size_inches() * figure.dpi
    if _format == "png" and width * height > MAX_PIXELS:
        raise _TooLarge(f"{width:.0f} x {height:.0f} pixels, of which at most {MAX_PIXELS} are drawn")
    file = _Bounded()
    # Not "figure", which is the resolution that it was made with.
    figure.savefig(file, format=_format, dpi=figure.dpi)
    return file.getvalue()


def _parts(value):
    parts = []
    bundle = {}
    # Asked for at the class: an instance may answer to any name, and a class is no instance of itself.
    owner = type(value)
    if _has(owner, "_repr_mimebundle_"):
        try:
            bundle = _bundle(value)
        except BaseException as error:
            parts.append((FAILED, b"", _why(error)))
    _add(parts, "text/plain", lambda: bundle.pop("text/plain", None) or repr(value))
    if _is_figure(value):
        _add(parts, FIGURE_TYPES[_format], lambda: _drawn(value))
    for method, kind in METHODS:
        if kind not in bundle and _has(owner, method):
            _add(parts, kind, lambda: _call(value, method))
    for kind, data in bundle.items():
        _add(parts, kind, lambda: data)
    return parts


def display(*values):
    """Shows values in the answer, in each representation that they have. Where the request has not asked for
    that, prints them."""
    for value in values:
        if _active():
            _show(_parts(value))
        else:
            _print(repr(value))


def show_figures():
    """What is still open when the script has ended."""
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    if helpers is None or not _active():
        return
    try:
        managers = sorted(helpers.Gcf.get_all_fig_managers(), key=lambda manager: manager.num)
        for manager in managers:
            parts = []
            figure = manager.canvas.figure
            _add(parts, FIGURE_TYPES[_format], lambda: _drawn(figure))
            if not _show(parts):
                # Told once that there are more; they are not drawn for nothing.
                if manager is not managers[-1]:
                    _show([])
                break
    except BaseException as error:
        _show([(FAILED, FIGURE_TYPES[_format].encode(), _why(error))])


def install():
    """In the zygote, once."""
    builtins.display = display
