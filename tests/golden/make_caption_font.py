"""Makes lib/video/caption_font.h, the letters of captions, from DejaVu Sans Mono Bold. Its licence allows this.

Usage: python3 tests/golden/make_caption_font.py DejaVuSansMono-Bold.ttf lib/video/caption_font.h
Needs PIL.
"""

import pathlib
import sys

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 8, 16

HEAD = """// The printable characters of ASCII as pictures, made by tests/golden/make_caption_font.py from DejaVu
// Sans Mono Bold.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace reel3d {

constexpr int kGlyphWidth = 8, kGlyphHeight = 16;

// From space to tilde. A byte a row from the top, the left pixel in its highest bit.
constexpr std::array<std::array<uint8_t, kGlyphHeight>, 95> kGlyphs = {{
"""


def rows(font, character):
    image = Image.new("1", (WIDTH, HEIGHT))
    ImageDraw.Draw(image).text((0, 0), character, 1, font)
    return [sum(bool(image.getpixel((x, y))) << (WIDTH - 1 - x) for x in range(WIDTH)) for y in range(HEIGHT)]


def main(font_file, header):
    font = ImageFont.truetype(font_file, 13)
    lines = ["    {" + ", ".join(str(row) for row in rows(font, chr(code))) + "}," for code in range(32, 127)]
    pathlib.Path(header).write_text(HEAD + "\n".join(lines).rstrip(",") + "\n}};\n\n}  // namespace reel3d\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
