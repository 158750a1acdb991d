# SPDX-License-Identifier: BSD-2-Clause
"""Two kinds of drawing, as SVG: bars with spread, and grouped points on a logarithmic scale."""

import math

FONT = 'font-family="sans-serif" font-size="13"'
COLOURS = ["#3366aa", "#bb5533", "#338855", "#887722", "#775599", "#557788"]


def escape(s):
    return s.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Svg:
    def __init__(self, width, height, title):
        self.w, self.h = width, height
        self.parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
                      f'width="{width}" height="{height}" {FONT}>',
                      f'<rect width="{width}" height="{height}" fill="white"/>']
        self.text(width / 2, 22, title, "middle", "bold")

    def text(self, x, y, s, anchor="start", weight="normal"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
                          f'font-weight="{weight}">{escape(s)}</text>')

    def line(self, x1, y1, x2, y2, colour="#444", width=1.0):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                          f'stroke="{colour}" stroke-width="{width}"/>')

    def rect(self, x, y, w, h, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" '
                          f'fill="{colour}"/>')

    def dot(self, x, y, colour):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')

    def write(self, path):
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(self.parts + ["</svg>"]) + "\n")


def bars(path, title, unit, rows):
    """rows: (label, median, low, high)"""
    left, right, top, step = 210, 90, 40, 34
    svg = Svg(720, top + step * len(rows) + 30, title)
    scale = (svg.w - left - right) / (max(r[3] for r in rows) or 1)
    for i, (label, mid, low, high) in enumerate(rows):
        y = top + step * i
        svg.text(left - 8, y + 19, label, "end")
        svg.rect(left, y + 4, mid * scale, step - 12, COLOURS[i % len(COLOURS)])
        for x in (low, high):
            svg.line(left + x * scale, y + 8, left + x * scale, y + step - 12, "#000")
        svg.line(left + low * scale, y + step / 2 - 2, left + high * scale, y + step / 2 - 2, "#000")
        svg.text(left + high * scale + 8, y + 19, f"{mid:.3f}")
    svg.line(left, top, left, svg.h - 30)
    svg.text(left, svg.h - 10, f"{unit}; bar: median, whiskers: quartiles")
    svg.write(path)


def _log_axis(svg, left, top, bottom, values):
    low = math.floor(math.log10(min(values)))
    high = max(math.ceil(math.log10(max(values))), low + 1)

    def y_of(v):
        return bottom - (math.log10(v) - low) / (high - low) * (bottom - top)

    for e in range(low, high + 1):
        y = y_of(10 ** e)
        svg.line(left, y, svg.w - 20, y, "#ccc")
        svg.text(left - 8, y + 4, f"{10 ** e:g}", "end")
    return y_of


def groups(path, title, unit, labels, series):
    """labels: of the groups; series: {name: [[(mark, value)] per group]}"""
    values = [v for rows in series.values() for row in rows for _, v in row if v > 0]
    if not values:
        return
    left, top = 70, 60
    svg = Svg(820, 420, title)
    bottom = svg.h - 50
    y_of = _log_axis(svg, left, top, bottom, values)
    width = (svg.w - left - 20) / len(labels)
    for g, label in enumerate(labels):
        svg.text(left + width * (g + 0.5), bottom + 20, label, "middle")
        for s, (_, rows) in enumerate(series.items()):
            x = left + width * (g + (s + 1) / (len(series) + 1))
            ys = [y_of(v) for _, v in rows[g] if v > 0]
            if ys:
                svg.line(x, min(ys), x, max(ys), COLOURS[s % len(COLOURS)], 2)
            for (mark, v), y in zip(rows[g], ys):
                svg.dot(x, y, COLOURS[s % len(COLOURS)])
                if mark == rows[g][0][0]:
                    svg.text(x + 7, y + 4, f"{v:.3g}")
    for s, name in enumerate(series):
        x = left + s * (svg.w - left) / len(series)
        svg.rect(x, 34, 12, 12, COLOURS[s % len(COLOURS)])
        svg.text(x + 18, 45, name)
    svg.text(left, svg.h - 8, unit)
    svg.write(path)
