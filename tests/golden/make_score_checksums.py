"""Prints the checksums that tests/eval/score_file_test.cc expects of its example.

    python3 tests/golden/make_score_checksums.py

The layout is that of docs/reference/formats.md; zlib's CRC-32 is independent of ours. scores_version_1.h5 is the same example, written by the version
of reel3d before score files had checksums.
"""
import struct
import zlib

HEADER = ["step-00000040 crc 1234abcd", "89abcdef", "", "validation", "1", "3", "7"]
CLASSES = ["jump", "naïve walk"]
VIDEOS = [("a", 1), ("b", -1)]
CLIPS = [(0, 0, 16), (0, 16, 5), (1, 0, 16)]
LOGITS = [(0.5, -1.0), (3.25, 0.0), (-0.125, 1e-30)]

videos = [zlib.crc32(f"{name}\t{label}".encode()) for name, label in VIDEOS]
for (video, first_frame, num_distinct), logits in zip(CLIPS, LOGITS):
    row = struct.pack("<II2f", first_frame, num_distinct, *logits)
    videos[video] = zlib.crc32(row, videos[video])
text = "".join(f"{line}\n" for line in HEADER + CLASSES).encode()
print("videos:", ", ".join(f"0x{crc32:08X}" for crc32 in videos))
print(f"file: 0x{zlib.crc32(text + struct.pack('<2I', *videos)):08X}")
