"""A picture of results: requests a second, latency and processor time against connections.

    python3 tests/bench/plot.py RESULTS.json PICTURE.svg
"""
import json
import math
import sys
from xml.sax.saxutils import escape

PANELS = [("rate", "requests a second", 1e-3, "k"), ("p99_us", "p99 of the latency, ms", 1e-3, ""),
          ("ratio", "server CPU a request, raw epoll = 1", 1, "")]
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7b5ea7", "#8c564b",
           "#5f7f00", "#b10026"]
OTHERS = "#555555"
WIDTH, HEIGHT, LEFT, TOP, GAP, LEGEND = 300, 260, 60, 40, 70, 150


def value_of(result, key):
    return result["ratio"]["median"] if key == "ratio" else result[key]


def series_of(results, key):
    """Name to its points, by connections."""
    series = {}
    for scenario, content in results["scenarios"].items():
        if scenario.startswith("echo_") and not scenario.endswith("k"):
            for name, result in content["servers"].items():
                series.setdefault(name, []).append((content["connections"],
                                                    value_of(result, key)))
    return {name: sorted(points) for name, points in series.items()}


def steps(low, high, logarithmic):
    if logarithmic:
        all_steps = [m * 10 ** e for e in range(-3, 7) for m in (1, 2, 5)]
        return [s for s in all_steps if low <= s <= high]
    size = 10 ** math.floor(math.log10(high))
    size = next(s for s in (size / 5, size / 2, size) if high / s <= 6)
    return [size * i for i in range(int(high / size) + 1)]


class Panel:
    def __init__(self, left, series, panel, styles):
        self.left, self.series, self.styles = left, series, styles
        self.key, self.title, self.factor, self.unit = panel
        self.logarithmic = self.key == "p99_us"
        values = [v * self.factor for points in series.values() for _, v in points]
        self.high = max(values) * 1.08
        self.low = min(values) / 1.3 if self.logarithmic else 0
        self.counts = sorted({c for points in series.values() for c, _ in points})

    def x(self, count):
        first, last = math.log(self.counts[0]), math.log(self.counts[-1])
        return self.left + 20 + (WIDTH - 40) * (math.log(count) - first) / ((last - first) or 1)

    def y(self, value):
        if self.logarithmic:
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = value / self.high
        return TOP + HEIGHT * (1 - part)

    def draw(self):
        out = [f'<text x="{self.left}" y="{TOP - 14}" class="title">{escape(self.title)}</text>']
        for step in steps(self.low, self.high, self.logarithmic):
            y = self.y(step)
            out.append(f'<line x1="{self.left}" y1="{y:.1f}" x2="{self.left + WIDTH}" '
                       f'y2="{y:.1f}" class="grid"/>')
            out.append(f'<text x="{self.left - 6}" y="{y + 4:.1f}" class="end">'
                       f'{step:g}{self.unit}</text>')
        for count in self.counts:
            out.append(f'<text x="{self.x(count):.1f}" y="{TOP + HEIGHT + 18}" class="middle">'
                       f'{count:,}</text>')
        out.append(f'<text x="{self.left + WIDTH / 2}" y="{TOP + HEIGHT + 36}" class="middle">'
                   f'connections</text>')
        for name, points in self.series.items():
            colour, width, dash = self.styles[name]
            places = [(self.x(c), self.y(v * self.factor)) for c, v in points]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            out.append(f'<polyline points="{path}" fill="none"\n stroke="{colour}" '
                       f'stroke-width="{width}" stroke-dasharray="{dash}"/>')
            out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{width + 0.6}" fill="{colour}"/>'
                    for x, y in places]
        return out


def styles_of(names):
    """Ours are thick, the peers thin, raw epoll is dashed."""
    styles = {}
    for index, name in enumerate(names):
        ours = name.startswith(("tenon", "server"))
        dash = "5 3" if name.startswith("raw") else "none"
        colour = OTHERS if name == "raw epoll" else COLOURS[index % len(COLOURS)]
        styles[name] = (colour, 2.6 if ours else 1.3, dash)
    return styles


def draw(results, path):
    """False: there are no echo scenarios to draw."""
    series = series_of(results, "rate")
    if not series:
        return False
    styles = styles_of(series)
    width = LEFT + len(PANELS) * (WIDTH + GAP) + LEGEND
    height = TOP + HEIGHT + 50
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
           f'viewBox="0 0 {width} {height}">',
           '<style>text{font:12px sans-serif;fill:#222}.title{font-weight:bold}\n'
           '.end{text-anchor:end}.middle{text-anchor:middle}.grid{stroke:#ddd}</style>',
           f'<rect width="{width}" height="{height}" fill="white"/>']
    for index, panel in enumerate(PANELS):
        left = LEFT + index * (WIDTH + GAP)
        out += Panel(left, series_of(results, panel[0]), panel, styles).draw()
    left = LEFT + len(PANELS) * (WIDTH + GAP) - 30
    for index, (name, (colour, thickness, dash)) in enumerate(styles.items()):
        y = TOP + 8 + index * 19
        out.append(f'<line x1="{left}" y1="{y}" x2="{left + 26}" y2="{y}"\n stroke="{colour}" '
                   f'stroke-width="{thickness}" stroke-dasharray="{dash}"/>')
        out.append(f'<text x="{left + 34}" y="{y + 4}">{escape(name)}</text>')
    out.append("</svg>")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")
    return True


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        if not draw(json.load(file), sys.argv[2]):
            sys.exit("plot: there are no echo scenarios in these results")
