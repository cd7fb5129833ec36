import os
import shlex
import subprocess
import sys

EXPECTED = {"pipeline": "2 b\n1 a\n", "ls": ["one", "two"], "grep": [0, "two\n"], "no match": 1,
            "python": "42\n", "input": "LOUD", "timeout": "TimeoutExpired", "missing": "FileNotFoundError",
            "error": [2, True], "environment": "set\n", "new session": True, "directory": "/tmp/folder\n",
            "popen pipe": "b\na\n", "os.system": 7, "os.popen": "popen\n", "tools": [], "spawn": 4, "shell signal": -15}

# What scripts ask of a Unix: every one must end with 0.
TOOLS = """
cat one two
head -n 1 one
tail -n 1 one
wc -l one
cut -c1 one
tr a b < one
uniq one
seq 3
date +%Y
env
id -u
uname -s
nproc
df /tmp
du -s .
stat one
touch three
mkdir -p deep/er
cp -a one four
cp --preserve=all one three
install -m 644 one three
mv four five
touch -d yesterday three
ln -s one link
rm -rf deep five
chmod 600 one
find . -name one
xargs echo < one
sed -n 1p one
awk '{print $1}' one
diff one one
sha256sum one
md5sum one
base64 one
gzip -k one
gzip -dc one.gz
tar cf all.tar one two
tar tf all.tar
dd if=/dev/zero of=zero bs=1024 count=4
split -l 1 one
tee six < one
timeout 5 true
nice true
nohup true
mktemp
readlink link
realpath link
basename /a/b
dirname /a/b
expr 1 + 1
test -e one
sleep 0.01
yes | head -n 1
sort -n one | uniq -c
perl -e 'print 1'
bash -c 'read -r a < <(echo b); [ "$a" = b ]'
bash -c 'sleep 5 & kill $!; wait $! || true'
setsid true
env -i /bin/true
prlimit
openssl version
! command -v fc-list || fc-list
"""


def text(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options).stdout


def main():
    for name in ("one", "two"):
        with open(name, "w") as file:
            file.write(name + "\n")
    try:
        subprocess.run(["sleep", "60"], timeout=0.1)
    except subprocess.TimeoutExpired as error:
        timeout = type(error).__name__
    try:
        subprocess.run(["no-such-program"])
    except FileNotFoundError as error:
        missing = type(error).__name__
    failing = subprocess.run(["ls", "/nowhere"], capture_output=True, text=True)
    grep = subprocess.run("ls | grep two", shell=True, capture_output=True, text=True)
    first = subprocess.Popen(["printf", "a\\nb\\n"], stdout=subprocess.PIPE)
    second = subprocess.Popen(["sort", "-r"], stdin=first.stdout, stdout=subprocess.PIPE, text=True)
    first.stdout.close()
    os.mkdir("folder")
    listed = sorted(text("ls").split())
    session = text(sys.executable, "-c", "import os; print(os.getsid(0) == os.getpid())", start_new_session=True)
    failed = [line for line in TOOLS.strip().splitlines()
              if subprocess.run(line, shell=True, stdin=subprocess.DEVNULL, capture_output=True).returncode]
    return {
        "pipeline": text("sh", "-c", "printf 'b\\na\\nb\\n' | sort | uniq -c | sort -rn | sed 's/^ *//'"),
        "ls": [name for name in listed if name != "folder"],
        "grep": [grep.returncode, grep.stdout],
        "no match": subprocess.run(["grep", "-q", "x", "one"]).returncode,
        "python": text(sys.executable, "-c", "print(6 * 7)"),
        "input": subprocess.run(["tr", "a-z", "A-Z"], input=b"loud", capture_output=True).stdout.decode(),
        "timeout": timeout,
        "missing": missing,
        "error": [failing.returncode, "/nowhere" in failing.stderr],
        "environment": text("sh", "-c", "echo $MARK", env={"MARK": "set"}),
        "new session": session == "True\n",
        "directory": text("pwd", cwd="folder"),
        "popen pipe": second.communicate()[0],
        "os.system": os.waitstatus_to_exitcode(os.system("exit 7")),
        "os.popen": os.popen("echo " + shlex.quote("popen")).read(),
        "tools": failed,
        "spawn": os.waitstatus_to_exitcode(os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", "exit 4"], {}), 0)[1]),
        "shell signal": subprocess.run(["sh", "-c", "kill -TERM $$"]).returncode,
    }
