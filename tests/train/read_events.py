"""Prints as JSON what stock TensorBoard finds in a folder of event files. Status 77: no TensorBoard.

Usage: tests/train/read_events.py FOLDER        pip install tensorboard
"""

import json
import sys

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
except ImportError as error:
    print(f"no TensorBoard here: {error}", file=sys.stderr)
    sys.exit(77)

events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0}).Reload()
tags = events.Tags()
print(
    json.dumps(
        {
            "scalars": {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in tags["scalars"]},
            "images": {
                tag: [
                    [e.step, e.width, e.height, e.encoded_image_string[:4].hex()]
                    for e in events.Images(tag)
                ]
                for tag in tags["images"]
            },
        }
    )
)
