#!/usr/bin/env bash
# Measures prep-videos and the loader beside their peers, for docs/explanation/data_path.md. Prints tables and
# writes figures to bench/results/DATE.json. Takes 15 minutes on an otherwise idle machine.
#
#   bench/run.sh [--python] [FOLDER_OR_FILE...]
#
# --python measures only the Python package's loader, beside bench-loader and the Python loaders of JPEGs. That takes
# four minutes, and the figures go to bench/results/python-DATE.json.
#
# Without arguments it takes the real videos in $REEL3D_SHARED/data (default: ../shared/data), or makes synthetic
# videos if there are none. ALONE=COMMAND is put before each measurement, for machines that several people use.
# make -f Makefile.workflow bench builds the tools first.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=build/benchmarks/bin
python=build/bench-python/bin/python
work=build/bench-work
heights=(360 240)
result=$PWD/bench/results/$(date +%F).json
only_python=no
if [ "${1:-}" = --python ]; then
	only_python=yes
	heights=(360)
	result=$PWD/bench/results/python-$(date +%F).json
	shift
fi
shared=${REEL3D_SHARED:-../shared}
read -ra alone <<<"${ALONE:-}"

rm -rf $work "$result"
mkdir -p $work/videos/all "$(dirname "$result")"

# Real videos in their original sizes: 240, 256, 270, 360, 720 and 1080 lines.
real=(sources/pancake_426x240_h264.mkv sources/mm_340x256_h264.avi sources/mm_1920x1080_h264.avi
	hard_cases/mm_demo_armwrestling.mp4 hard_cases/mp_chaplin.mp4 hard_cases/io_cockatoo.mp4
	hard_cases/tc_nasa_13013.mp4)
if (($# > 0)); then
	find "$@" -type f -exec cp {} $work/videos/all/ \;
elif [ -d "$shared/data/sources" ]; then
	for file in "${real[@]}"; do cp "$shared/data/$file" $work/videos/all/; done
else
	$bin/make-demo-videos --videos-per-class 2 $work/drawn
	find $work/drawn -name '*.mp4' -exec cp {} $work/videos/all/ \;
fi

# Shards of two heights. All videos are for training, because the Python package's loader takes no others.
$bin/list-videos --validation-fraction 0 $work/videos $work/videos.tsv
for height in "${heights[@]}"; do
	$bin/prep-videos --height "$height" --max-failed-fraction 1 $work/videos.tsv "$work/prepared$height"
	$bin/pack-shards $work/videos.tsv "$work/prepared$height" "$work/shards$height"
done
if [ $only_python = yes ]; then
	"${alone[@]}" $python bench/loaders.py $bin $work/shards360 - $work/loaders360 "$result" 360p --rounds 5 \
		--only reference,pil,opencv,opencv-half,simplejpeg,simplejpeg-half,turbojpeg-half,dali-cpu
	echo "figures: $result"
	exit
fi

# The frames of height 360 also as H.264, twice: with a key frame every 16 frames and quick to decode (gop16), and
# with the defaults of x264 (gop250).
mkdir -p $work/h264-360/gop16 $work/h264-360/gop250 $work/h264-240
for video in "$work"/prepared360/*.mkv; do
	mp4=$(basename "$video" .mkv).mp4
	x264=(ffmpeg -v error -i "$video" -c:v libx264 -preset veryfast -crf 18 -pix_fmt yuv420p)
	"${x264[@]}" -g 16 -bf 0 -tune fastdecode "$work/h264-360/gop16/$mp4"
	"${x264[@]}" "$work/h264-360/gop250/$mp4"
done

# Sources for prep, one folder for each size: the videos of that size, or else the largest video made smaller.
# Each video is there four times, so that the start of a tool is shared by several videos, as in a real data set.
lines() { ffprobe -v error -select_streams v:0 -show_entries stream=height -of csv=p=0 "$1" | head -1 | tr -d ,; }
largest=$(for video in "$work"/videos/all/*; do echo "$(lines "$video") $video"; done | sort -n | tail -1 | cut -d' ' -f2-)
source_of() { # NAME LOW HIGH: videos with LOW to HIGH lines go to the folder NAME
	local video found=no
	mkdir -p "$work/sources/$1"
	for video in "$work"/videos/all/*; do
		if (($(lines "$video") >= $2 && $(lines "$video") <= $3)); then
			cp "$video" "$work/sources/$1/"
			found=yes
		fi
	done
	if [ $found = no ]; then
		ffmpeg -v error -i "$largest" -an -vf "scale=-2:$2" -c:v libx264 -crf 20 "$work/sources/$1/made.mp4"
	fi
}
source_of 240p 240 256
source_of 720p 720 720
source_of 1080p 1080 1080
for folder in "$work"/sources/*; do
	for video in "$folder"/*; do
		for copy in 2 3 4; do cp "$video" "$folder/copy$copy-$(basename "$video")"; done
	done
done

for height in "${heights[@]}"; do
	"${alone[@]}" $python bench/loaders.py $bin "$work/shards$height" "$work/h264-$height" "$work/loaders$height" \
		"$result" "${height}p"
done
"${alone[@]}" $python bench/scaling.py $bin $work/shards360 "$result"
for folder in "$work"/sources/*; do
	"${alone[@]}" $python bench/prep.py $bin "$folder" $work/prep "$result"
done
echo "figures: $result"
