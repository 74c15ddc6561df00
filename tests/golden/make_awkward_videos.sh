#!/usr/bin/env bash
# Makes the small videos of tests/golden/awkward with FFmpeg 5.1. The tests expect the frame counts and pictures
# that FFmpeg itself gives for them. Needs ffmpeg. Usage: make_awkward_videos.sh FOLDER
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$1"
make() { ffmpeg -v error -y -bitexact "$@"; }
film=(-f lavfi -i "testsrc2=size=64x48:rate=25:duration=2")
still=(-f lavfi -i "testsrc2=size=128x96:rate=25:duration=0.04")

# A still that is marked as default stands before the film of 50 frames.
make "${still[@]}" "${film[@]}" -map 0 -map 1 -c:v:0 mjpeg -q:v:0 20 -c:v:1 libx264 -crf:v:1 40 \
	-disposition:v:0 default -disposition:v:1 0 still_first.mkv
# The still before the film in other containers, and once as an attached picture behind the film. These films
# have 20 frames.
short=(-f lavfi -i "testsrc2=size=64x48:rate=25:duration=0.8")
default=(-disposition:v:0 default -disposition:v:1 0)
jpeg=("${still[@]}" "${short[@]}" -map 0 -map 1 "${default[@]}" -c:v:0 mjpeg -q:v:0 20)
make "${jpeg[@]}" -c:v:1 libx264 -crf:v:1 40 still_first.mp4
make "${jpeg[@]}" -pix_fmt:v:0 yuvj420p -c:v:1 libx265 -x265-params log-level=none -crf:v:1 40 still_first.mov
make "${still[@]}" "${short[@]}" -map 0 -map 1 "${default[@]}" -c:v:0 png -c:v:1 libx264 -crf:v:1 40 png_first.mkv
make "${short[@]}" -c:v libx264 -crf 40 film.mp4
make "${still[@]}" -c:v mjpeg -q:v 20 -frames:v 1 still.jpg
make -i film.mp4 -i still.jpg -map 1 -map 0 -c copy -disposition:v:0 attached_pic cover.mp4
rm film.mp4 still.jpg
# The stream itself, not the container, states the rotation of 90 degrees.
make "${film[@]}" -c:v libx264 -crf 40 -bsf:v h264_metadata=display_orientation=insert:rotate=90 turned.mp4
# The film is cut at the key frame of an open group of pictures, so its leading frames cannot be decoded.
make "${film[@]}" -c:v libx265 -crf 40 -x265-params log-level=none:keyint=15:min-keyint=15:open-gop=1:bframes=4 whole.mp4
make -ss 0.7 -i whole.mp4 -c copy -avoid_negative_ts make_zero -use_editlist 0 open_gop.mp4
rm whole.mp4
