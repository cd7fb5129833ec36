import bz2
import ctypes
import decimal
import fractions
import gzip
import hashlib
import hmac
import io
import json
import locale
import lzma
import pickle
import platform
import random
import secrets
import ssl
import statistics
import tarfile
import tempfile
import time
import uuid
import zipfile
import zlib
import zoneinfo
from datetime import datetime

EXPECTED = {"zones": ["+0200", "+0900", True], "ssl": [True, "TLSv1_3", True], "decimal": "0.3333333333",
            "fraction": "5/6", "compressed": [True, True, True, True], "zip": ["a.txt"], "tar": ["a.txt"],
            "uuid": [36, True], "hashes": ["900150983cd24fb0", "ddaf35a193617aba", "b751850b1a57168a", True],
            "scrypt": True, "locale": ["utf-8", "C"], "ctypes": [5, 3.0, True], "tempfile": [True, True, True],
            "platform": ["Linux", "x86_64", "3.11"], "secrets": 64, "median": 2, "readline": True,
            "curses": "error", "pickle": True, "clocks": True, "modules": []}

# Each must import: what hides a refused system call at import time would show here.
MODULES = """
abc aifc argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect builtins bz2
calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys compileall concurrent.futures
configparser contextlib contextvars copy copyreg crypt csv ctypes ctypes.util curses curses.ascii
curses.panel dataclasses datetime dbm.dumb dbm.ndbm decimal difflib dis doctest email.mime.text encodings.idna
enum errno faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc getopt getpass gettext
glob graphlib grp gzip hashlib heapq hmac html.parser http.client http.cookiejar http.server imaplib imghdr
imp importlib.metadata importlib.resources inspect io ipaddress itertools json keyword linecache locale
logging.handlers lzma mailbox mailcap marshal math mimetypes mmap modulefinder multiprocessing.pool netrc
nis nntplib numbers opcode operator optparse os ossaudiodev pathlib pdb pickle pickletools pipes pkgutil
platform plistlib poplib posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc queue quopri
random re readline reprlib resource rlcompleter runpy sched secrets select selectors shelve shlex shutil
signal site smtplib sndhdr socket socketserver spwd sqlite3 ssl stat statistics string stringprep struct
subprocess sunau symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios textwrap
threading time timeit token tokenize tomllib trace traceback tracemalloc tty types typing unicodedata
unittest.mock urllib.request uu uuid venv warnings wave weakref webbrowser wsgiref.simple_server xdrlib
xml.dom.minidom xml.etree.ElementTree xml.sax xmlrpc.client zipapp zipfile zipimport zlib zoneinfo
"""


def is_missing(name):
    try:
        __import__(name)
    except ImportError:
        return True
    return False


def main():
    data = b"data " * 1000
    with zipfile.ZipFile("a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", data)
    with tarfile.open("a.tar.xz", "w:xz") as archive:
        archive.addfile((info := tarfile.TarInfo("a.txt"), setattr(info, "size", len(data)))[0], io.BytesIO(data))
    with tarfile.open("a.tar.xz") as archive:
        archive.extractall("unpacked")
    summer = datetime(2024, 7, 1, 12)
    libc, libm = ctypes.CDLL(None), ctypes.CDLL("libm.so.6")
    libm.sqrt.restype, libm.sqrt.argtypes = ctypes.c_double, [ctypes.c_double]
    # A callback from C: closures need memory that is written and then executed.
    compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    numbers = (ctypes.c_int * 3)(3, 1, 2)
    libc.qsort(numbers, 3, 4, compare(lambda a, b: a[0] - b[0]))
    with tempfile.NamedTemporaryFile() as file, tempfile.TemporaryDirectory() as folder:
        with tempfile.TemporaryFile() as unnamed, tempfile.SpooledTemporaryFile(10) as spooled:
            temporary = [file.name.startswith("/tmp/"), folder.startswith("/tmp/"),
                         unnamed.write(data) == spooled.write(data)]
    try:
        import curses
        curses.initscr()
    except Exception as error:
        no_terminal = type(error).__name__
    context = ssl.create_default_context()
    return {
        "zones": [summer.replace(tzinfo=zoneinfo.ZoneInfo(n)).strftime("%z") for n in ("Europe/Berlin", "Asia/Tokyo")]
        + [len(zoneinfo.available_timezones()) > 400],
        "ssl": [ssl.HAS_TLSv1_3, context.maximum_version.name.replace("MAXIMUM_SUPPORTED", "TLSv1_3"),
                ssl.RAND_status()],
        "decimal": str(round(decimal.Decimal(1) / 3, 10)),
        "fraction": str(fractions.Fraction(1, 2) + fractions.Fraction(1, 3)),
        "compressed": [m.decompress(m.compress(data)) == data for m in (zlib, bz2, lzma, gzip)],
        "zip": zipfile.ZipFile("a.zip").namelist(),
        "tar": __import__("os").listdir("unpacked"),
        "uuid": [len(str(uuid.uuid4())), uuid.uuid1() != uuid.uuid1()],
        "hashes": [hashlib.new(n, b"abc").hexdigest()[:16] for n in ("md5", "sha512", "sha3_512")]
        + [hmac.compare_digest(hmac.digest(b"k", b"m", "sha256"), hmac.new(b"k", b"m", "sha256").digest())],
        "scrypt": len(hashlib.scrypt(b"p", salt=b"s", n=1024, r=8, p=1)) == 64,
        "locale": [locale.getpreferredencoding(), locale.setlocale(locale.LC_NUMERIC, "C")],
        "ctypes": [libc.abs(-5), libm.sqrt(9.0), list(numbers) == [1, 2, 3]],
        "tempfile": temporary,
        "platform": [platform.system(), platform.machine(), ".".join(platform.python_version_tuple()[:2])],
        "secrets": len(secrets.token_hex(32)),
        "median": statistics.median(random.sample([1, 2, 3], 3)),
        "readline": __import__("readline").get_history_length() < 0,
        "curses": no_terminal,
        "pickle": pickle.loads(pickle.dumps(summer)) == summer and json.loads(json.dumps([1])) == [1],
        "clocks": all(time.clock_gettime(getattr(time, n)) > 0 for n in dir(time) if n.startswith("CLOCK_")),
        "modules": [name for name in MODULES.split() if is_missing(name)],
    }
