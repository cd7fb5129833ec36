import asyncio


async def square(number, done):
    await asyncio.sleep(0.01 * (4 - number))
    done.append(number)
    return number * number


async def work():
    done = []
    squares = await asyncio.gather(*(square(n, done) for n in range(1, 4)))
    try:
        await asyncio.wait_for(asyncio.sleep(5), timeout=0.01)
    except asyncio.TimeoutError:
        late = True
    in_thread = await asyncio.to_thread(sum, [1, 2, 3])
    return {"squares": squares, "order": done, "late": late, "in_thread": in_thread}


def main():
    return asyncio.run(work())
