import asyncio
import os
import signal
import socket

EXPECTED = {"gathered": [1, 4, 9], "timeout": "TimeoutError", "subprocess": "hello\n", "exit code": 3,
            "shell": "ab\n", "killed": -9, "unix server": "ECHO", "socket pair": "pong", "in a thread": True,
            "signal": True, "pipe": "through", "queue": [0, 1, 2], "network": "OSError",
            "local name": ["127.0.0.1"]}


async def processes():
    hello = await asyncio.create_subprocess_exec("/bin/echo", "hello", stdout=asyncio.subprocess.PIPE)
    out, _ = await hello.communicate()
    failing = await asyncio.create_subprocess_shell("exit 3")
    shell = await asyncio.create_subprocess_shell("printf 'b\\na\\n' | sort | tr -d '\\n'; echo",
                                                  stdout=asyncio.subprocess.PIPE)
    sleeping = await asyncio.create_subprocess_exec("sleep", "60")
    sleeping.kill()
    return {"subprocess": out.decode(), "exit code": await failing.wait(),
            "shell": (await shell.communicate())[0].decode(), "killed": await sleeping.wait()}


async def streams():
    async def echo(reader, writer):
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(echo, "echo.sock"):
        reader, writer = await asyncio.open_unix_connection("echo.sock")
        writer.write(b"echo\n")
        writer.write_eof()
        answer = await reader.read()
        writer.close()
    left, right = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=left)
    right.sendall(b"pong\n")
    pong = await reader.readline()
    writer.close()
    loop = asyncio.get_running_loop()
    out, into = os.pipe()
    os.write(into, b"through")
    os.close(into)
    piped = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(piped), os.fdopen(out, "rb"))
    return {"unix server": answer.decode().strip(), "socket pair": pong.decode().strip(),
            "pipe": (await piped.read()).decode()}


async def everything():
    async def square(n):
        await asyncio.sleep(0.001)
        return n * n

    seen = {"gathered": await asyncio.gather(*map(square, (1, 2, 3)))}
    try:
        await asyncio.wait_for(asyncio.sleep(60), 0.01)
    except TimeoutError as error:
        seen["timeout"] = type(error).__name__
    try:
        await asyncio.open_connection("192.0.2.1", 80)
    except OSError:
        seen["network"] = "OSError"
    loop, arrived = asyncio.get_running_loop(), asyncio.Event()
    seen["local name"] = sorted({a[4][0] for a in await loop.getaddrinfo("localhost", 80, family=socket.AF_INET)})
    loop.add_signal_handler(signal.SIGUSR1, arrived.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.wait_for(arrived.wait(), 5)
    queue = asyncio.Queue()
    for number in range(3):
        queue.put_nowait(number)
    return {**seen, "signal": True, "queue": [await queue.get() for _ in range(3)],
            "in a thread": await asyncio.to_thread(os.getpid) == os.getpid(),
            **await processes(), **await streams()}


def main():
    return asyncio.run(everything())
