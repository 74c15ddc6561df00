#!/usr/bin/env bash
# Makes a miniature of a published data set: drawn videos in that set's own folders, names and
# annotation files.
#
#   configs/miniature.sh SET BIN_DIR OUT_DIR      SET: kinetics400, kinetics700, activitynet, ucf101, hmdb51
#
# Writes OUT_DIR/videos and OUT_DIR/annotations. An OUT_DIR that exists is complete and is not changed.
set -euo pipefail
[ $# = 3 ] || { echo "usage: configs/miniature.sh SET BIN_DIR OUT_DIR" >&2 && exit 2; }
set_name=$1 bin=$2 out=$3
per_class=6
drawn=(rising falling growing shrinking)
[ ! -e "$out" ] || exit 0

mkdir -p "$(dirname "$out")"
making=$(mktemp -d "$out.making-XXXX")
trap 'rm -rf "$making"' EXIT
videos=$making/videos notes=$making/annotations
mkdir "$videos" "$notes"

# each CLASS... calls add CLASS CLASS_NUMBER VIDEO_NUMBER VIDEO for every video; numbers start at 1.
each() {
	local class=0 number
	for name in "$@"; do
		for ((number = 1; number <= per_class; ++number)); do
			add "$name" $((class + 1)) $number "$(printf '%s/drawn/%s/%s_%03d.mp4' "$making" \
				"${drawn[class]}" "${drawn[class]}" $((number - 1)))"
		done
		class=$((class + 1))
	done
}
put() { # VIDEO PLACE
	mkdir -p "$(dirname "$videos/$2")"
	mv "$1" "$videos/$2"
}
# Prints eleven characters, as YouTube's ids have; every second class begins with - and the others with _.
youtube_id() { # CLASS_NUMBER VIDEO_NUMBER
	local first=_-
	printf '%sa0B%ddE_%03d' "${first:$(($1 % 2)):1}" "$1" "$2"
}
subset_of() { # VIDEO_NUMBER TRAINING VALIDATION: every third video is held out
	if (($1 % 3)); then echo "$2"; else echo "$3"; fi
}

# CVDF's folders: k400/{train,val}/<id>_<begin>_<end>.mp4, all classes together.
arrange_kinetics400() {
	for subset in train val; do
		echo label,youtube_id,time_start,time_end,split,is_cc >"$notes/$subset.csv"
	done
	add() {
		local id subset begin=$(($3 * 7))
		id=$(youtube_id "$2" "$3")
		subset=$(subset_of "$3" train val)
		put "$4" "$subset/$(printf '%s_%06d_%06d.mp4' "$id" $begin $((begin + 10)))"
		echo "\"$1\",$id,$begin,$((begin + 10)),$subset,0" >>"$notes/$subset.csv"
	}
	each "air drumming" abseiling "shooting goal (soccer)" "massaging person's head"
}
# The official crawler's folders: <subset>/<class with blanks>/<id>_<begin>_<end>.mp4.
arrange_kinetics700() {
	for subset in train validate; do
		echo label,youtube_id,time_start,time_end,split >"$notes/$subset.csv"
	done
	add() {
		local id subset begin=$(($3 * 7))
		id=$(youtube_id "$2" "$3")
		subset=$(subset_of "$3" train validate)
		put "$4" "$subset/$1/$(printf '%s_%06d_%06d.mp4' "$id" $begin $((begin + 10)))"
		echo "$1,$id,$begin.0,$((begin + 10)).0,$subset" >>"$notes/$subset.csv"
	}
	each "mountain climber (exercise)" abseiling "shooting goal (soccer)" zumba
}
# v1-3/train_val/v_<id>.mp4; every second video has two annotated segments, and one reaches beyond the end.
arrange_activitynet() {
	local records=() nodes=('{"nodeName": "Root", "nodeId": 0, "parentName": null, "parentId": null}')
	add() {
		local id segment segments
		id=$(youtube_id "$2" "$3")
		put "$4" "v1-3/train_val/v_$id.mp4"
		segment="{\"label\": \"$1\", \"segment\": [0.0, %s]}"
		# shellcheck disable=SC2059
		segments=$(printf "$segment" 60.0)
		# shellcheck disable=SC2059
		(($3 % 2)) || segments="$(printf "$segment" 0.6), $segments"
		records+=("\"$id\": {\"duration\": 60.0, \"subset\": \"$(subset_of "$3" training validation)\",
			\"annotations\": [$segments]}")
		(($3 > 1)) || nodes+=("{\"nodeName\": \"$1\", \"nodeId\": $2, \"parentName\": \"Root\", \"parentId\": 0}")
	}
	each "Archery" "Long jump" "Playing congas" "Tai chi"
	{
		echo '{"version": "VERSION 1.3", "database": {'
		join_lines "${records[@]}"
		echo '}, "taxonomy": ['
		join_lines "${nodes[@]}"
		echo ']}'
	} >"$notes/activity_net.v1-3.min.json"
}
join_lines() {
	printf '%s' "$1"
	shift
	printf ',\n%s' "$@"
}
# UCF-101/<Class>/v_<Class>_g<group>_c<clip>.avi: split 1 tests the groups 1-7, 2: 8-14, 3: 15-21. The
# lists have the line ends of Windows.
arrange_ucf101() {
	local groups=(1 2 8 9 15 16)
	add() {
		local group=${groups[$3 - 1]} file place split
		file=$(printf 'v_%s_g%02d_c01.avi' "${1/HandstandPushups/HandStandPushups}" "$group")
		place=$1/$file
		put "$4" "UCF-101/$place"
		(($3 > 1)) || printf '%d %s\r\n' "$2" "$1" >>"$notes/classInd.txt"
		for split in 1 2 3; do
			if (((group - 1) / 7 + 1 == split)); then
				printf '%s\r\n' "$place" >>"$notes/testlist0$split.txt"
			else
				printf '%s %d\r\n' "$place" "$2" >>"$notes/trainlist0$split.txt"
			fi
		done
	}
	each ApplyEyeMakeup Archery HandstandPushups YoYo
}
# hmdb51_org/<class>/<name>.avi; a list for each class and split: 1 training, 2 test, 0 neither.
arrange_hmdb51() {
	add() {
		local file split part
		file=$(printf 'Film_%d_%s_h_nm_np1_ba_goo_%d.avi' "$3" "$1" "$3")
		put "$4" "hmdb51_org/$1/$file"
		for split in 1 2 3; do
			part=1
			(($3 % 3 + 1 != split)) || part=2
			(($3 != per_class || part == 2)) || part=0
			echo "$file $part " >>"$notes/${1}_test_split$split.txt"
		done
	}
	each brush_hair cartwheel draw_sword wave
}

declare -F "arrange_$set_name" >/dev/null || {
	echo "miniature: there is none of '$set_name'; there are $(compgen -A function arrange_ | sed 's/arrange_//' | paste -sd' ')" >&2
	exit 2
}
"$bin/make-demo-videos" --videos-per-class $per_class --log-level warn "$making/drawn" >/dev/null
"arrange_$set_name"
rm -r "$making/drawn"
chmod 755 "$making"
mv -T "$making" "$out"
