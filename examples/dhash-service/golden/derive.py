"""Derives golden.json: what each golden picture's 64-bit difference hash has to be.

Independent of the service: another language, another image library (Pillow), exact fractions
instead of weighted whole numbers. Run: python3 derive.py  (needs Pillow; 12.3.0 was used).
"""
import json
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

from PIL import Image


def mean(grey, width, box):
    """Brightness of a box whose edges may cut pixels, over its area."""
    left, top, right, bottom = box
    total = Fraction(0)
    for y in range(floor(top), ceil(bottom)):
        high = min(bottom, y + 1) - max(top, y)
        inner = range(ceil(left), floor(right))
        line = Fraction(sum(grey[y * width + x] for x in inner))
        line += (ceil(left) - left) * grey[y * width + floor(left)]
        if floor(right) < right:
            line += (right - floor(right)) * grey[y * width + floor(right)]
        total += high * line
    return total / ((right - left) * (bottom - top))


def difference_hash(file):
    picture = Image.open(file)
    assert picture.mode == "RGB", f"{file} is {picture.mode}: golden pictures are opaque and in colour"
    width, height = picture.size
    samples = picture.tobytes()
    grey = [299 * r + 587 * g + 114 * b for r, g, b in zip(samples[::3], samples[1::3], samples[2::3])]
    bits = ""
    for row in range(8):
        cells = [
            mean(grey, width, (Fraction(column * width, 9), Fraction(row * height, 8),
                               Fraction((column + 1) * width, 9), Fraction((row + 1) * height, 8)))
            for column in range(9)
        ]
        bits += "".join("1" if right > left else "0" for left, right in zip(cells, cells[1:]))
    return f"{int(bits, 2):016x}"


here = Path(__file__).parent
files = sorted(file for file in here.iterdir() if file.suffix in {".jpg", ".png", ".webp"})
hashes = {file.name: difference_hash(file) for file in files}
(here / "golden.json").write_text(json.dumps(hashes, indent=2) + "\n")
print(f"{len(hashes)} hashes")
