import ctypes
import os
import re

import numpy as np

EXPECTED = {"solved": [2.0, 3.0, -1.0], "determinant": -1.0, "eigenvalues": [1.0, 3.0], "singular": [5.0, 3.0],
            "fft": [0, 50], "random": [0.5, 0.29], "same seed": True, "mapped": 4950,
            "loaded twice": []}


def loaded_twice():
    """Libraries that the loader does not recognise by their path: it would load them again. Not the loader itself."""
    with open("/proc/self/maps") as maps:
        paths = set(re.findall(r"/\S+\.so[.\d]*$", maps.read(), re.MULTILINE))
    unknown = []
    for path in [path for path in paths if "/ld-linux" not in path]:
        try:
            ctypes.CDLL(path, mode=os.RTLD_NOLOAD)
        except OSError:
            unknown.append(path)
    return unknown if len(paths) > 5 else ["too few to tell"]


def main():
    a = np.array([[2.0, 1, -1], [-3, -1, 2], [-2, 1, 2]])
    signal = np.sin(2 * np.pi * 50 * np.arange(1000) / 1000)
    numbers = np.random.default_rng(7).random(100_000)
    # Large enough for OpenBLAS to use its threaded kernels where it has threads.
    square = np.ones((400, 400))
    assert (square @ square == 400).all()
    np.arange(100).tofile("numbers.bin")
    mapped = np.memmap("numbers.bin", dtype=np.int64, mode="r")
    np.savez_compressed("arrays.npz", a=a)
    assert (np.load("arrays.npz")["a"] == a).all()
    return {
        "solved": np.linalg.solve(a, [8, -11, -3]).round(9).tolist(),
        "determinant": round(float(np.linalg.det(a)), 9),
        "eigenvalues": np.linalg.eigvalsh([[2, 1], [1, 2]]).round(9).tolist(),
        "singular": np.linalg.svd([[3.0, 2, 2], [2, 3, -2]], compute_uv=False).round(9).tolist(),

        "fft": [int(abs(np.fft.rfft(signal))[0].round()), int(abs(np.fft.rfft(signal)).argmax())],
        "random": [round(float(numbers.mean()), 2), round(float(numbers.std()), 2)],
        "same seed": bool((np.random.default_rng(7).random(100_000) == numbers).all()),
        "mapped": int(mapped.sum()),
        "loaded twice": loaded_twice(),
    }
