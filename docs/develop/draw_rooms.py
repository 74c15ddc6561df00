#!/usr/bin/env python3
"""Draws the rooms (folders of sources) and which room includes which, from the #include lines of the sources.

Usage: docs/develop/draw_rooms.py SOURCE_FOLDER rooms.svg      draws the picture
       docs/develop/draw_rooms.py --check SOURCE_FOLDER rooms.svg   ends with 1 if the picture is out of date

A box is a room: tools, or a folder of pipeline or lib. An arrow says that the room above includes headers of
the room below. Arrows that follow from others are left out (if a includes b and b includes c, there is no
arrow from a to c).
SPDX-License-Identifier: Apache-2.0
"""

import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*"((?:lib|pipeline|tools)/[^"]+)"', re.MULTILINE)
WIDTH, ROW, BOX_WIDTH, BOX, GAP = 960, 76, 120, 32, 24


def room_of(path):
    """lib/train/log/x.h -> lib/train; pipeline/stages/x.h -> pipeline/stages; tools/x.cc -> tools."""
    parts = path.split("/")
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0]


def read_rooms(root):
    """Returns the rooms that each room includes."""
    uses = {}
    for folder in ("tools", "pipeline", "lib"):
        for source in sorted((root / folder).rglob("*.[hc]*")):
            if source.suffix not in (".h", ".cc"):
                continue
            room = room_of(source.relative_to(root).as_posix())
            named = {room_of(header) for header in INCLUDE.findall(source.read_text(encoding="utf-8"))}
            uses.setdefault(room, set()).update(named - {room})
    return uses


def reached_from(room, uses, seen):
    for other in uses.get(room, ()):
        if other not in seen:
            seen.add(other)
            reached_from(other, uses, seen)
    return seen


def without_implied(uses):
    """Returns `uses` without the arrows that follow from other arrows."""
    direct = {}
    for room, others in uses.items():
        implied = set()
        for other in others:
            implied |= reached_from(other, uses, set()) - {other}
        direct[room] = others - implied
    return direct


def depth_of(room, uses, known):
    """Returns how many rows must be below the room for the rooms that it includes."""
    if room not in known:
        known[room] = 0
        known[room] = 1 + max((depth_of(other, uses, known) for other in uses.get(room, ())), default=-1)
    return known[room]


def place_rooms(uses):
    """Returns (left, top) of each room's box; rooms that are included stand below."""
    known = {}
    rows = {}
    for room in sorted(uses):
        rows.setdefault(depth_of(room, uses, known), []).append(room)
    places = {}
    for depth, rooms in rows.items():
        left = (WIDTH - BOX_WIDTH * len(rooms) - GAP * (len(rooms) - 1)) / 2
        for room in rooms:
            places[room] = (left, (max(rows) - depth) * ROW + 10)
            left += BOX_WIDTH + GAP
    return places


def draw(uses):
    places = place_rooms(uses)
    height = max(top for _, top in places.values()) + BOX + 10
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        ' font-family="sans-serif" font-size="13">',
        "<title>The rooms of reel3d; arrows point from a room to those that it includes</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#5b6b7b"/></marker></defs>',
    ]
    for room, others in sorted(without_implied(uses).items()):
        for other in sorted(others):
            (left, top), (to_left, to_top) = places[room], places[other]
            svg.append(
                f'<path d="M{left + BOX_WIDTH / 2:.0f} {top + BOX}L{to_left + BOX_WIDTH / 2:.0f} {to_top}"'
                ' stroke="#5b6b7b" fill="none" marker-end="url(#tip)"/>'
            )
    for room, (left, top) in sorted(places.items()):
        svg.append(
            f'<rect x="{left:.0f}" y="{top}" width="{BOX_WIDTH}" height="{BOX}" rx="6" fill="#eaf1f8" stroke="#2f5d8a"/>'
            f'<text x="{left + BOX_WIDTH / 2:.0f}" y="{top + 21}" text-anchor="middle" fill="#12212f">{room}</text>'
        )
    return "\n".join(svg + ["</svg>", ""])


def main(arguments):
    check = arguments[:1] == ["--check"]
    root, picture = map(pathlib.Path, arguments[1:] if check else arguments)
    text = draw(read_rooms(root))
    if not check:
        picture.write_text(text, encoding="utf-8")
        return 0
    if picture.read_text(encoding="utf-8") == text:
        return 0
    print(f"{picture} is out of date: docs/develop/draw_rooms.py . docs/develop/rooms.svg")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
