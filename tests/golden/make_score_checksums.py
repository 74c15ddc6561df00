"""Prints the checksums that tests/eval/score_file_test.cc expects of its example.

    python3 tests/golden/make_score_checksums.py

The layout is that of docs/reference/formats.md; zlib's CRC-32 is independent of ours. scores_version_1.h5 holds the
same example. A version of reel3d in which score files had no checksums wrote it.
"""
import struct
import zlib

HEADER = ["step-00000040 crc 1234abcd", "89abcdef", "", "validation", "1", "3", "7"]
CLASSES = ["jump", "naïve walk"]
VIDEOS = [("a", 1), ("b", -1)]
# Columns: video, first frame, distinct frames, number of the crop. First one crop of each window, then two.
ONE_CROP = [(0, 0, 16, 0), (0, 16, 5, 0), (1, 0, 16, 0)]
TWO_CROPS = [(0, 0, 16, 0), (0, 0, 16, 9), (1, 0, 16, 0)]
LOGITS = [(0.5, -1.0), (3.25, 0.0), (-0.125, 1e-30)]

for name, clips in ("one crop", ONE_CROP), ("two crops", TWO_CROPS):
    videos = [zlib.crc32(f"{name}\t{label}".encode()) for name, label in VIDEOS]
    for (video, first_frame, num_distinct, crop), logits in zip(clips, LOGITS):
        row = struct.pack("<IHBB2f", first_frame, num_distinct, crop, 0, *logits)
        videos[video] = zlib.crc32(row, videos[video])
    text = "".join(f"{line}\n" for line in HEADER + CLASSES).encode()
    print(f"{name}: videos", ", ".join(f"0x{crc32:08X}" for crc32 in videos))
    print(f"{name}: file 0x{zlib.crc32(text + struct.pack('<2I', *videos)):08X}")
