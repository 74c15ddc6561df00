"""Makes an event file with TensorBoard's own messages and record writer, for tests/train/event_file_test.cc.

    python3 tests/golden/make_event_golden.py tests/golden/tensorboard_events.bin   # tensorboard 2.21
"""

import sys

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

Value = summary_pb2.Summary.Value


def scalars(**values):
    return summary_pb2.Summary(
        value=[Value(tag=f"curve/{tag}", simple_value=value) for tag, value in values.items()]
    )


image = summary_pb2.Summary.Image(
    height=150, width=300, colorspace=3, encoded_image_string=bytes(range(256))
)
START = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
with open(sys.argv[1], "wb") as file:
    writer = RecordWriter(file)
    for event in [
        event_pb2.Event(wall_time=1.5e9, file_version="brain.Event:2"),
        event_pb2.Event(wall_time=1500000001.25, step=301, session_log=START),
        event_pb2.Event(
            wall_time=1500000002, summary=summary_pb2.Summary(value=[Value(tag="s", image=image)])
        ),
        event_pb2.Event(wall_time=1500000003, step=5, summary=scalars(loss=0.1, zero=0.0)),
        event_pb2.Event(wall_time=1500000004, step=2**40, summary=scalars(loss=float("nan"))),
    ]:
        writer.write(event.SerializeToString())
    writer.flush()
