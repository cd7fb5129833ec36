import io
import xml.etree.ElementTree

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns

EXPECTED = {"backend": "agg", "png": "89504e47", "svg": "{http://www.w3.org/2000/svg}svg", "pdf": "%PDF",
            "heat map": True, "violins": True, "contour": True, "text": True, "file": True}


def main():
    figure, axes = plt.subplots(2, 2)
    axes[0, 0].plot([1, 4, 9], label="$x^2$")
    axes[0, 0].legend()
    axes[0, 1].hist(np.random.default_rng(1).normal(size=500), bins=20)
    axes[1, 0].imshow(np.eye(8))
    contour = axes[1, 1].contourf(np.add.outer(np.arange(9), np.arange(9)))
    figure.colorbar(contour)
    written = {}
    for kind in ("png", "svg", "pdf"):
        with io.BytesIO() as file:
            figure.savefig(file, format=kind)
            written[kind] = file.getvalue()
    frame = {"kind": list("aabb") * 5, "value": list(range(20))}
    heat = sns.heatmap(np.eye(4), annot=True)
    heat.figure.savefig("heat.png")
    violins = sns.violinplot(data=frame, x="kind", y="value")
    return {
        "backend": matplotlib.get_backend().lower(),
        "png": written["png"][:4].hex(),
        "svg": xml.etree.ElementTree.fromstring(written["svg"]).tag,
        "pdf": written["pdf"][:4].decode(),
        "heat map": heat.get_title() == "",
        "violins": len(violins.collections) > 0,
        "contour": contour.levels.size > 2,
        "text": axes[0, 0].get_legend().get_texts()[0].get_text() == "$x^2$",
        "file": open("heat.png", "rb").read(4) == b"\x89PNG",
    }
