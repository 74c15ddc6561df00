"""The Python loaders that a user would have today, on one core.

Each loader returns what ours returns: bytes [3][T][S][S]. Most read the JPEGs of our shards, one h5py slice a
clip, from files that stay open. Video readers (PyAv, Decord) read H.264 files of the same frames. Only Reference
keeps its own way: one HDF5 file for each video, opened for each clip; PIL; floats minus the mean.
"""

import io
import os

os.environ["OMP_NUM_THREADS"] = "1"

import cv2
import h5py
import numpy as np
import simplejpeg
from PIL import Image

cv2.setNumThreads(1)

T, S = 16, 112
MEAN = np.array([114.7748, 107.7354, 99.4750], np.float32)  # the reference's, of ActivityNet


class Shards:
    """The JPEGs of a folder of shards, as h5py reads them."""

    def __init__(self, folder):
        self.videos = {}
        files = {}
        with open(os.path.join(folder, "index.tsv"), encoding="utf-8") as index:
            header = index.readline().rstrip("\n").split("\t")
            for line in index:
                row = dict(zip(header, line.rstrip("\n").split("\t")))
                name = f"{int(row['shard']):05}.h5"
                if name not in files:
                    file = h5py.File(os.path.join(folder, name), "r")
                    files[name] = (file["frames/data"], file["frames/offset"][:], file["videos/first"][:])
                data, offsets, first = files[name]
                begin = int(first[int(row["video_index"])])
                self.videos[row["id"]] = (data, offsets[begin : begin + int(row["num_frames"]) + 1])

    def read(self, clip):
        """Reads one slice of the file. Returns the clip's distinct frames as views of that slice."""
        data, offsets = self.videos[clip.video]
        ends = offsets[clip.first_frame : clip.first_frame + clip.num_distinct + 1]
        block = data[ends[0] : ends[-1]]
        ends = (ends - ends[0]).tolist()
        return [block[a:b] for a, b in zip(ends, ends[1:])]


def to_planes(clip, frames):
    """Turns HWC frames into bytes [3][T][S][S], mirrored and looped as `clip` requires."""
    stack = np.stack(frames)
    if clip.flip:
        stack = stack[:, :, ::-1]
    if len(frames) < T:
        stack = stack[np.arange(T) % len(frames)]
    return np.ascontiguousarray(stack.transpose(3, 0, 1, 2))


def pil_frame(jpeg, clip):
    """Decodes the full frame and resizes with PIL's antialiasing. All loaders are compared with these pixels."""
    box = (clip.x, clip.y, clip.x + clip.side, clip.y + clip.side)
    image = Image.open(io.BytesIO(jpeg)).convert("RGB").crop(box)
    return image.resize((S, S), Image.BILINEAR)


class Reference:
    """Loads as the reference code (kenshohara/3D-ResNets-PyTorch) does: VideoLoaderHDF5, then PIL."""

    def __init__(self, shards, folder):
        self.folder = folder
        for video, (data, offsets) in shards.videos.items():
            path = self.path(video)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with h5py.File(path, "w") as file:
                frames = file.create_dataset("video", (len(offsets) - 1,), h5py.vlen_dtype(np.uint8))
                for i in range(len(offsets) - 1):
                    frames[i] = data[offsets[i] : offsets[i + 1]]

    def path(self, video):
        return os.path.join(self.folder, video + ".hdf5")

    def __call__(self, clip):
        with h5py.File(self.path(clip.video), "r") as file:
            video = file["video"]
            jpegs = [video[i] for i in range(clip.first_frame, clip.first_frame + clip.num_distinct)]
        frames = [np.asarray(pil_frame(jpeg, clip)) for jpeg in jpegs]
        planes = to_planes(clip, frames)
        planes.astype(np.float32) - MEAN[:, None, None, None]
        return planes


class Pil:
    """Loads our shards with PIL. The pixels of the other loaders are compared with these."""

    def __init__(self, shards):
        self.shards = shards

    def __call__(self, clip):
        return to_planes(clip, [np.asarray(pil_frame(jpeg, clip)) for jpeg in self.shards.read(clip)])


class ByDecoder:
    """Decodes with `decode(jpeg, half)` to RGB, cuts the crop out, and resizes it with OpenCV. `half` is the
    size (width, height) of the halved frame, or None. The decoder halves the frame in the inverse DCT if it can
    (`halves`) and if the crop still has about S pixels."""

    def __init__(self, shards, decode, halves):
        self.shards, self.decode, self.halves = shards, decode, halves

    def __call__(self, clip):
        half = None
        x, y, side = clip.x, clip.y, clip.side
        if self.halves and side >= 2 * S - 2:
            half = ((clip.frame_width + 1) // 2, (clip.frame_height + 1) // 2)
            x, y, side = (x + 1) // 2, (y + 1) // 2, side // 2
        frames = []
        for jpeg in self.shards.read(clip):
            image = self.decode(jpeg, half)[y : y + side, x : x + side]
            frames.append(cv2.resize(image, (S, S), interpolation=cv2.INTER_LINEAR))
        return to_planes(clip, frames)


def opencv_decoder():
    return lambda jpeg, half: cv2.imdecode(
        jpeg, cv2.IMREAD_REDUCED_COLOR_2 if half else cv2.IMREAD_COLOR
    )[:, :, ::-1]


def simplejpeg_decoder():
    def decode(jpeg, half):
        # simplejpeg takes the smallest scale that has so many pixels: 4/8, for which libjpeg-turbo has vector code.
        width, height = half or (0, 0)
        return simplejpeg.decode_jpeg(
            jpeg, "RGB", fastdct=True, fastupsample=True, min_height=height, min_width=width)

    return decode


def turbojpeg_decoder():
    import turbojpeg

    turbo = turbojpeg.TurboJPEG()
    flags = turbojpeg.TJFLAG_FASTDCT | turbojpeg.TJFLAG_FASTUPSAMPLE

    def decode(jpeg, half):
        return turbo.decode(
            jpeg, turbojpeg.TJPF_RGB, scaling_factor=(1, 2) if half else None, flags=flags)

    return decode


class Dali:
    """NVIDIA DALI on the CPU: it decodes just the crop, and resizes with its own antialiasing."""

    CLIPS = 8  # a batch

    def __init__(self, shards):
        from nvidia.dali import fn, pipeline_def, types

        @pipeline_def(batch_size=self.CLIPS * T, num_threads=1, device_id=None, prefetch_queue_depth=1)
        def crops():
            jpegs = fn.external_source(name="jpegs", dtype=types.UINT8, ndim=1)
            anchors = fn.external_source(name="anchors", dtype=types.INT32, ndim=1)
            shapes = fn.external_source(name="shapes", dtype=types.INT32, ndim=1)
            images = fn.decoders.image_slice(
                jpegs, anchors, shapes, device="cpu", axes=(0, 1), output_type=types.RGB)
            return fn.resize(images, size=(S, S), interp_type=types.INTERP_LINEAR, antialias=True)

        self.shards = shards
        self.pipe = crops()
        self.pipe.build()

    def batch(self, clips):
        jpegs, anchors, shapes = [], [], []
        for clip in clips:
            frames = self.shards.read(clip)
            jpegs += [frames[t % len(frames)] for t in range(T)]
            anchors += [np.array([clip.y, clip.x], np.int32)] * T
            shapes += [np.array([clip.side, clip.side], np.int32)] * T
        self.pipe.feed_input("jpegs", jpegs)
        self.pipe.feed_input("anchors", anchors)
        self.pipe.feed_input("shapes", shapes)
        (images,) = self.pipe.run()
        frames = images.as_array()
        return [to_planes(clip, frames[i * T : (i + 1) * T]) for i, clip in enumerate(clips)]


def resized(clip, images):
    box = np.s_[clip.y : clip.y + clip.side, clip.x : clip.x + clip.side]
    return to_planes(clip, [cv2.resize(image[box], (S, S)) for image in images])


class PyAv:
    """Seeks to the key frame before the clip and decodes from there."""

    def __init__(self, folder):
        import av

        self.av, self.folder = av, folder

    def __call__(self, clip):
        images = []
        with self.av.open(os.path.join(self.folder, clip.video + ".mp4")) as file:
            stream = file.streams.video[0]
            stream.codec_context.thread_count = 1
            # bench/run.sh makes the files so that frame i is shown at i / rate.
            due = int(clip.first_frame / (stream.average_rate * stream.time_base))
            file.seek(due, stream=stream)
            for frame in file.decode(stream):
                if frame.pts >= due:
                    images.append(frame.to_ndarray(format="rgb24"))
                if len(images) == clip.num_distinct:
                    break
        return resized(clip, images)


class Decord:
    def __init__(self, folder):
        import decord

        self.decord, self.folder = decord, folder

    def __call__(self, clip):
        reader = self.decord.VideoReader(os.path.join(self.folder, clip.video + ".mp4"), num_threads=1)
        first = clip.first_frame
        return resized(clip, reader.get_batch(range(first, first + clip.num_distinct)).asnumpy())
