"""The README's picture, drawn from the figures of a run of the bench: python3 bench/picture.py FIGURES.json OUT.svg"""

import json
import math
import sys

WIDTH, LEFT, BAR, GAP = 760, 250, 20, 8
COLOURS = {"cellblock": "#2b6cb0", "Flask + bubblewrap": "#a0aec0", "bare python3": "#cbd5e0"}


def length(value, least, most):
    """Logarithmic: the values are orders of magnitude apart, and the axis says so."""
    return 30 + (WIDTH - LEFT - 150) * math.log(value / least) / math.log(most / least)


def panel(lines, title, unit, rows, top):
    lines.append(f'<text x="0" y="{top}" class="title">{title}</text>')
    values = [value for _, value in rows]
    y = top + 14
    for name, value in rows:
        colour = next(colour for start, colour in COLOURS.items() if name.startswith(start))
        width = length(value, min(values), max(values)) if max(values) > min(values) else 100
        text = f"{value:,.1f}" if value < 100 else f"{value:,.0f}"
        lines.append(f'<text x="{LEFT - 10}" y="{y + 15}" text-anchor="end">{name}</text>')
        lines.append(f'<rect x="{LEFT}" y="{y}" width="{width:.0f}" height="{BAR}" fill="{colour}"/>')
        lines.append(f'<text x="{LEFT + width + 8:.0f}" y="{y + 15}">{text} {unit}</text>')
        y += BAR + GAP
    return y + 24


def draw(figures):
    lines, top = [], 24
    for script in figures["scripts"]:
        rows = [(who, figures["median"][f"{who}, 1 client"][script])
                for who in ("cellblock", "Flask + bubblewrap")]
        rows.append(("bare python3, no service", figures["median"]["bare python3 per request"][script]))
        top = panel(lines, f"{script}: time of a request, one client (shorter is better, logarithmic)", "ms", rows, top)
    for script in figures["scripts"]:
        rows = [(who, figures["median"][f"{who}, 80 clients, answers/s"][script])
                for who in ("cellblock", "Flask + bubblewrap")]
        top = panel(lines, f"{script}: answers with 80 clients (longer is better, logarithmic)", "/s", rows, top)
    style = ("text{font:13px sans-serif;fill:#2d3748}.title{font-weight:bold}"
             "@media(prefers-color-scheme:dark){text{fill:#e2e8f0}}")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}">'
            f"<style>{style}</style>" + "".join(lines) + "</svg>\n")


if __name__ == "__main__":
    with open(sys.argv[1]) as source:
        text = draw(json.load(source))
    with open(sys.argv[2], "w") as target:
        target.write(text)
