#!/usr/bin/env python3
"""Draws the pipeline, from videos to the page about a run: docs/draw_pipeline.py docs/pipeline.svg
SPDX-License-Identifier: Apache-2.0
"""

import pathlib
import sys

# (tool, what it writes, in two lines). Every tool reads what the one before it writes.
STAGES = (
    ("list-videos", "videos.tsv:", "classes, split"),
    ("prep-videos", "prepared/: frames", "of one height"),
    ("pack-shards", "shards/: frames", "in HDF5 files"),
    ("train-r3d", "train/: 3D ResNet,", "MPI or NCCL"),
    ("score-videos", "scores/: logits", "of every clip"),
    ("evaluate-scores", "evaluation/:", "accuracies"),
    ("report-run", "report.html:", "curves, mistakes"),
)
BOX, GAP, LEFT = 118, 18, 8
WIDTH, HEIGHT = 2 * LEFT + len(STAGES) * BOX + (len(STAGES) - 1) * GAP, 112


def main(arguments):
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        ' font-family="sans-serif" text-anchor="middle">',
        "<title>The pipeline: " + ", then ".join(tool for tool, *_ in STAGES) + "</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for number, (tool, *output) in enumerate(STAGES):
        left = LEFT + number * (BOX + GAP)
        middle = left + BOX / 2
        svg.append(f'<rect x="{left}" y="14" width="{BOX}" height="38" rx="6" fill="#eaf1f8" stroke="#2f5d8a"/>')
        svg.append(f'<text x="{middle}" y="38" font-size="14" font-weight="bold" fill="#12212f">{tool}</text>')
        for line, text in enumerate(output):
            svg.append(f'<text x="{middle}" y="{74 + 18 * line}" font-size="12.5" fill="#33475b">{text}</text>')
        if number + 1 < len(STAGES):
            svg.append(f'<path d="M{left + BOX + 2} 33h{GAP - 8}" stroke="#5b6b7b" stroke-width="2"/>')
            svg.append(f'<path d="M{left + BOX + GAP - 1} 33l-7 -4v8z" fill="#5b6b7b"/>')
    pathlib.Path(arguments[0]).write_text("\n".join(svg + ["</svg>", ""]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
