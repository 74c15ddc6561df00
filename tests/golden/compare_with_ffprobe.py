#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prepares every video below the folders, and compares its number of frames and its size with ffprobe's.

    tests/golden/compare_with_ffprobe.py [--tools build/bin] [--all] FOLDER...   # FFmpeg 5.1

A file is compared if ffprobe decodes frames of it. The script prints a line for each video whose
prepared frames or size differ from the expected ones. Then it lists the videos that prep-videos
refuses, with the reasons. It ends with status 1 if there is a difference. It expects the number of
frames of `ffprobe -count_frames` and, at height 64, the width of the first frame as shown (pixel
aspect and quarter turns applied), rounded to an even number. If a file has several video streams,
it expects the film: a stream that has more than one frame and is no attached picture. If there are
several films, it expects the default one, or else the largest.
"""

import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile

HEIGHT = 64
COLUMNS = "id path label subset begin_s end_s num_frames fps width height".split()


def ffprobe(file, *options):
    command = ["ffprobe", "-v", "quiet", *options, "-of", "json", str(file)]
    return json.loads(subprocess.run(command, capture_output=True).stdout or b"{}")


def number(text):
    return int(text) if str(text).isdigit() else 0


def film(file):
    """Returns ffprobe's stream of the film; None if the file has no frame of a video."""
    streams = ffprobe(file, "-count_frames", "-select_streams", "v", "-show_streams").get("streams")
    seen = [one for one in streams or [] if number(one.get("nb_read_frames")) > 0]

    def rank(stream):
        disposition = stream["disposition"]
        return (
            not disposition["attached_pic"],
            number(stream["nb_read_frames"]) > 1,
            disposition["default"],
            stream["width"] * stream["height"],
        )

    return max(seen, key=rank, default=None)


def rotation(*holders):
    """Returns the degrees of the first display matrix that one of `holders` has."""
    for holder in holders:
        for side in holder.get("side_data_list", []):
            if "rotation" in side:
                return float(side["rotation"])
    return 0.0


def shown_size(file, stream):
    """Returns (width, height) of the prepared video, from the first frame as a player shows it."""
    where = ["-select_streams", str(stream["index"]), "-show_frames", "-read_intervals", "%+#1"]
    frames = [one for one in ffprobe(file, *where).get("frames", []) if "width" in one]
    first = frames[0] if frames else stream
    across, _, down = (
        stream.get("sample_aspect_ratio") or first.get("sample_aspect_ratio") or "1:1"
    ).partition(":")
    pixel = number(across) / number(down) if number(across) and number(down) else 1
    aspect = pixel * first["width"] / first["height"]
    if round(rotation(first, stream) / 90) % 2:
        aspect = 1 / aspect
    return max(2, 2 * math.floor(HEIGHT * aspect / 2 + 0.5)), HEIGHT


def prepare(files, tools, folder):
    """Prepares all files into folder/out. Returns {id: reason} of the videos that prep-videos refuses."""
    rows = ["\t".join(COLUMNS)]
    for item, file in files.items():
        rows.append("\t".join([item, str(file), "", "testing"] + [""] * (len(COLUMNS) - 4)))
    (folder / "videos.tsv").write_text("\n".join(rows) + "\n")
    options = ["--height", str(HEIGHT), "--max-failed-fraction", "1", "--log-level", "error"]
    command = [tools / "prep-videos", *options, folder / "videos.tsv", folder / "out"]
    subprocess.run(list(map(str, command)), check=True)
    failed = (folder / "out/failed.tsv").read_text().splitlines()[1:]
    return {line.split("\t")[0]: line.split("\t")[2] for line in failed}


def compare(films, files, failed, out):
    """Yields (file, True, expected, found) for every film, or (file, False, expected, reason) if it was refused."""
    for item, stream in films.items():
        expected = (number(stream["nb_read_frames"]), *shown_size(files[item], stream))
        if item in failed:
            yield files[item], False, expected, failed[item]
            continue
        made = film(out / f"{item}.mkv")
        found = made and (number(made["nb_read_frames"]), made["width"], made["height"])
        yield files[item], True, expected, found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tools", type=pathlib.Path, default="build/bin", help="built tools")
    parser.add_argument("--all", action="store_true", help="also print the videos that agree")
    parser.add_argument("folders", type=pathlib.Path, nargs="+", metavar="FOLDER")
    args = parser.parse_args()
    found = sorted(f for d in args.folders for f in d.resolve().rglob("*") if f.is_file())
    files = {f"video{i}": file for i, file in enumerate(found)}
    films = {item: stream for item, file in files.items() if (stream := film(file))}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        failed = prepare({item: files[item] for item in films}, args.tools, folder)
        rows = list(compare(films, files, failed, folder / "out"))
    say = "{}: ffprobe {} frames of {}x{}, prepared {}".format
    compared = [row for row in rows if row[1]]
    different = [row for row in compared if row[2] != row[3]]
    for file, _, expected, made in compared if args.all else different:
        print(say(file, *expected, "{} of {}x{}".format(*made) if made else "nothing"))
    for file, _, expected, reason in (row for row in rows if not row[1]):
        print(f"{file}: refused, ffprobe {expected[0]} frames: {reason}")
    print(
        f"{len(different)} differences among {len(compared)} prepared videos; "
        f"{len(failed)} refused; {len(files) - len(films)} files have no frame of a video"
    )
    return 1 if different or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
