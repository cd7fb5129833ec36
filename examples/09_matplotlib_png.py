import io
import struct

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def main(width, height):
    figure, axes = plt.subplots(figsize=(width / 100, height / 100), dpi=100)
    axes.plot([1, 2, 3, 4], [1, 4, 9, 16], label="squares")
    axes.set_title("A title needs a font")
    axes.legend()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    png = buffer.getvalue()
    return {
        "is_png": png[:8] == b"\x89PNG\r\n\x1a\n",
        "size": struct.unpack(">II", png[16:24]),  # width and height, from the IHDR chunk
        "has_content": len(png) > 1000,
    }
