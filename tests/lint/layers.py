#!/usr/bin/env python3
"""Checks which room includes which, where the headers of other libraries are included, and how long files are.

Usage: tests/lint/layers.py SOURCE_FOLDER
Prints one line a violation and ends with 1 if there is any.
"""

import pathlib
import re
import sys

MAX_LINES = 400

# tools -> pipeline/stages -> pipeline/support -> lib, never back. A room of lib may include itself and
# these rooms.
ROOMS = {
    "base": set(),
    "cli": {"base"},
    "data": {"base"},
    "annotations": {"data", "base"},
    "video": {"data", "base"},
    "demo": {"video", "data", "base"},
    "hdf5": {"data", "base"},
    "frames": {"data", "base"},
    "duplicates": {"frames", "data", "base"},
    "shard": {"hdf5", "frames", "data", "base"},
    "loader": {"shard", "frames", "data", "base"},
    "weights": {"base"},
    "model": {"weights", "base"},
    "dist": {"base"},
    "cluster": {"base"},
    "lease": {"base"},
    "infer": {"model", "weights", "loader", "shard", "frames", "data", "base"},
    "ledger": {"base"},
    "train": {"ledger", "infer", "model", "weights", "dist", "loader", "shard", "frames", "data", "base"},
    "eval": {"hdf5", "base"},
    "report": {"ledger", "eval", "hdf5", "data", "base"},
    "plan": {"base"},
}

# Headers of other libraries, and the only files that may include them.
VENDORS = [
    (r"boost/program_options", r"lib/cli/\w+\.cc"),
    (r"boost/math", r"lib/eval/\w+\.cc"),
    (r"boost/crc", r"lib/train/log/event_file\.cc"),
    (r"png\.h", r"lib/train/log/clip_sheet\.cc"),
    (r"(pango|cairo|fontconfig|glib)", r"lib/video/text_picture\.cc"),
    (r"lib(av|sw)\w+/", r"lib/video/(\w+\.cc|\w*handle\w*\.h)"),
    (r"hdf5\.h", r"lib/hdf5/\w+\.cc"),
    (r"(jpeglib|turbojpeg)\.h", r"lib/(video|frames)/\w+\.cc"),
    (r"hwy/", r"lib/(eval|frames|loader|model)/\w+(\.cc|-inl\.h)"),
    (r"libdeflate\.h", r"lib/base/\w+\.cc"),
    (r"utf8proc\.h", r"lib/data/\w+\.cc"),
    (r"spdlog/", r"lib/base/\w+\.cc"),
    (r"(mpi|nccl|cuda\w*)\.h", r"lib/dist/\w+\.cc"),
    (r"(torch|ATen|c10)/", r"lib/(model|dist|infer|train)/(\w+/)?\w+\.(h|cc)|pipeline/\w+/\w+\.cc"),
]

# clang-tidy would find them in tools/ only, because it reads the sources of a library as parts of one file.
C_HEADER = re.compile(
    r"(assert|complex|ctype|errno|fenv|float|inttypes|limits|locale|math|setjmp|signal|stdarg|stddef|stdint|stdio"
    r"|stdlib|string|time|uchar|wchar|wctype)\.h"
)
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def room_of(path):
    """lib/train/log/x.h -> ("lib", "train"), pipeline/stages/x.h -> ("pipeline", "stages")."""
    parts = path.split("/")
    return parts[0], parts[1] if parts[0] in ("lib", "pipeline") else ""


def may_include(path, header, stages):
    folder, room = room_of(path)
    other_folder, other_room = room_of(header)
    if folder == "lib":
        return other_folder == "lib" and other_room in ROOMS[room] | {room}
    if folder == "pipeline":
        if other_folder == "lib" or (other_folder, other_room) == ("pipeline", "support"):
            return True
        # Stages meet only through files.
        stage = header.rpartition("/")[2].partition(".")[0]
        own = path.rpartition("/")[2].partition(".")[0] == stage
        return (other_folder, other_room, room) == ("pipeline", "stages", "stages") and (
            own or stage not in stages
        )
    if folder == "tools":
        return other_folder == "pipeline" or other_room in ("base", "cli")
    return True  # bench and tests may include everything


def check_file(root, path, stages):
    lines = (root / path).read_text(encoding="utf-8").splitlines()
    if len(lines) > MAX_LINES:
        yield f"{path}: {len(lines)} lines, more than {MAX_LINES}: one concept a file"
    if not any(line.lstrip("/# ") == "SPDX-License-Identifier: Apache-2.0" for line in lines[:40]):
        yield f"{path}: no SPDX line of its own"
    # Files *-inl.h are included once for each set of vector instructions.
    if path.endswith(".h") and not path.endswith("-inl.h") and "#pragma once" not in lines:
        yield f"{path}: no #pragma once"
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        header = found.group(1)
        if C_HEADER.fullmatch(header):
            yield f"{path}:{number}: <c{header[:-2]}> instead of <{header}>"
        if (root / header).is_file():
            if not may_include(path, header, stages):
                yield f"{path}:{number}: may not include {header}"
        elif not path.startswith(("tests/", "bench/")):
            for vendor, places in VENDORS:
                if re.match(vendor, header) and not re.fullmatch(places, path):
                    yield f"{path}:{number}: {header} belongs in {places} only"


def main():
    root = pathlib.Path(sys.argv[1])
    files = sorted(
        str(file.relative_to(root))
        for folder in ("lib", "pipeline", "tools", "tests", "bench")
        for file in (root / folder).rglob("*")
        if file.suffix in (".h", ".cc")
    )
    stages = {file.stem for file in (root / "tools").glob("*.cc")}
    problems = [problem for path in files for problem in check_file(root, path, stages)]
    print("\n".join(problems) or f"{len(files)} files in order")
    return 1 if problems or not files else 0


if __name__ == "__main__":
    sys.exit(main())
