import errno
import fcntl
import mmap
import os
import pathlib
import shutil
import stat
import struct

EXPECTED = {"lockf": ["EAGAIN", "free"], "ofd lock": True, "flock": ["EAGAIN", "free"],
            "mmap": ["file", "anonymous", True], "copied": True, "tree": ["deep/a", "deep/b"],
            "moved": True, "archive": ["deep/a", "deep/b"], "xattr": "EOPNOTSUPP", "fifo": "through",
            "device": "EPERM", "sparse": [1048576, True], "times": 1000000000, "mode": "0o640",
            "hard link": 2, "symlink": "a", "scandir": ["a", "b"], "sendfile": 3, "splice": "EPERM",
            "positioned": "bc", "vectored": "abcdef", "owner": 1000, "renamed over": "2",
            "fd of directory": "a", "memfd": True, "seals": "EPERM", "pipe size": 65536, "disk": True,
            "walk": 2, "glob": 2, "outside": "EROFS", "inotify": "EPERM", "advise": None, "tmpfile": True}


def refusal(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno].replace("ENOTSUP", "EOPNOTSUPP")
    return "no refusal"


def in_a_child(question):
    """What `question` answers in another process."""
    out, into = os.pipe()
    if os.fork() == 0:
        os.write(into, str(question()).encode())
        os._exit(0)
    os.wait()
    return os.read(out, 100).decode()


def locked_and_unlocked(lock, file):
    """What another process gets of the lock while it is held, and afterwards."""
    def try_it():
        with open("locked", "w") as again:
            return refusal(lock, again, fcntl.LOCK_EX | fcntl.LOCK_NB).replace("no refusal", "free")

    lock(file, fcntl.LOCK_EX)
    while_held = in_a_child(try_it)
    lock(file, fcntl.LOCK_UN)
    return [while_held, in_a_child(try_it)]


def locks():
    with open("locked", "w") as file:
        by_record, whole = locked_and_unlocked(fcntl.lockf, file), locked_and_unlocked(fcntl.flock, file)
        # A struct flock: a write lock on the whole file.
        own = fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0)) is not None
        fcntl.fcntl(file, fcntl.F_OFD_GETLK, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0))
        return {"lockf": by_record, "ofd lock": own, "flock": whole}


def maps():
    with open("mapped", "w+b") as file:
        file.write(b"file" + bytes(8192))
        file.flush()
        with mmap.mmap(file.fileno(), 0) as shared, mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE) as private:
            private[:9] = b"anonymous"
            private.madvise(mmap.MADV_DONTNEED, 0, 0)
            shared.flush()
            shared.resize(16384)
            return ["file" if shared[:4] == b"file" else "", private[:9].decode(), len(shared) == 16384]


def tree():
    os.makedirs("deep")
    for name in "ab":
        pathlib.Path("deep", name).write_text(name)
    shutil.copytree("deep", "copy")
    shutil.copy2("deep/a", "a")
    shutil.make_archive("archive", "gztar", ".", "deep")
    shutil.unpack_archive("archive.tar.gz", "unpacked")
    shutil.move("copy", "moved")
    folder = os.open("deep", os.O_RDONLY)
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries)
    return {"copied": pathlib.Path("a").read_text() == "a", "moved": sorted(os.listdir("moved")) == ["a", "b"],
            "tree": sorted(str(p) for p in pathlib.Path("deep").iterdir()), "scandir": names,
            "archive": sorted(str(p.relative_to("unpacked")) for p in pathlib.Path("unpacked").rglob("deep/*")),
            "fd of directory": os.read(os.open("a", os.O_RDONLY, dir_fd=folder), 9).decode(),
            "walk": sum(len(files) for _, _, files in os.walk("moved")),
            "glob": len(list(pathlib.Path("deep").glob("*")))}


def attributes():
    os.link("a", "hard")
    os.symlink("a", "soft")
    os.utime("a", (1e9, 1e9))
    os.chmod("a", 0o640)
    os.chown("a", os.getuid(), os.getgid())
    pathlib.Path("b").write_text("2")
    os.replace("b", "b2")
    pathlib.Path("c").write_text("3")
    os.rename("b2", "c")
    return {"times": int(os.stat("a").st_mtime), "mode": oct(stat.S_IMODE(os.stat("a").st_mode)),
            "hard link": os.stat("a").st_nlink, "symlink": os.readlink("soft"), "owner": os.stat("a").st_uid,
            "renamed over": pathlib.Path("c").read_text(), "xattr": refusal(os.setxattr, "a", "user.x", b"1"),
            "disk": shutil.disk_usage("/tmp").free > 0, "outside": refusal(open, "/usr/lib/new", "w")}


def special():
    os.mkfifo("fifo")
    if os.fork() == 0:
        pathlib.Path("fifo").write_text("through")
        os._exit(0)
    through = pathlib.Path("fifo").read_text()
    os.wait()
    sparse = os.open("sparse", os.O_RDWR | os.O_CREAT)
    os.truncate(sparse, 1 << 20)
    os.posix_fallocate(sparse, 0, 4096)
    os.posix_fadvise(sparse, 0, 0, os.POSIX_FADV_SEQUENTIAL)
    os.pwrite(sparse, b"abcdef", 0)
    os.fsync(sparse)
    os.fdatasync(sparse)
    first, second = bytearray(3), bytearray(3)
    os.preadv(sparse, [first, second], 0)
    out = os.open("out", os.O_RDWR | os.O_CREAT)
    reader, writer = os.pipe()
    memory = os.memfd_create("memory", os.MFD_ALLOW_SEALING)
    os.write(memory, b"sealed")
    fcntl.fcntl(memory, 1033, 8)  # F_ADD_SEALS, F_SEAL_WRITE
    assert fcntl.fcntl(memory, 1034) == 8  # F_GET_SEALS
    unnamed = os.open("/tmp", os.O_TMPFILE | os.O_RDWR)
    return {"fifo": through, "device": refusal(os.mknod, "device", stat.S_IFCHR | 0o600, os.makedev(1, 3)),
            "sparse": [os.fstat(sparse).st_size, os.fstat(sparse).st_blocks < 64],
            "positioned": os.pread(sparse, 2, 1).decode(), "vectored": bytes(first + second).decode(),
            "sendfile": os.sendfile(out, sparse, 0, 3), "splice": refusal(os.splice, sparse, writer, 10),
            "memfd": os.pread(memory, 6, 0) == b"sealed", "seals": refusal(os.write, memory, b"more"),
            "pipe size": fcntl.fcntl(reader, fcntl.F_GETPIPE_SZ), "tmpfile": os.write(unnamed, b"x") == 1}


def main():
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    watched = libc.inotify_init1(0)
    return {**locks(), "mmap": maps(), **tree(), **attributes(), **special(),
            "inotify": "watches" if watched >= 0 else errno.errorcode[ctypes.get_errno()],
            "advise": mmap.mmap(-1, 4096).madvise(mmap.MADV_WILLNEED)}
