#!/usr/bin/env bash
# Rehearses published experiments: runs every stage on a miniature of the experiment's data set, with
# its own settings but for the size of network, clips and run.
#
#   BIN=build/bin RUNS=run/rehearsal configs/rehearse.sh NAME|all     (make -f Makefile.workflow rehearse EXP=NAME)
#
# Results go to $RUNS/NAME. The same command continues after an interruption.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${BIN:=build/bin}" "${RUNS:=run/rehearsal}"
table=configs/experiments.tsv

names() { tail -n +2 "$table" | cut -f 1; }
set_of() { awk -F '\t' -v name="$1" '$1 == name { print $2 }' "$table"; }
workflow() { "${MAKE:-make}" --no-print-directory -f Makefile.workflow BUILD=no "BIN=$BIN" "$@"; }

# Prints the value of a setting of train-r3d, also if it is a default.
setting() { # FILE KEY
	"$BIN/train-r3d" --config "$1" --print-config | sed -n "s/^$2 = //p"
}
# Prints a settings file without its comments and with other values for some keys.
with_settings() { # FILE "KEY = VALUE"...
	local file=$1 keys=
	shift
	keys=$(printf '%s\n' "$@" | sed 's/ =.*//' | paste -sd'|')
	echo "# $file, scaled down by configs/rehearse.sh"
	if [ -e "$file" ]; then grep -vE "^(#|$|($keys) =)" "$file" || true; fi
	[ $# = 0 ] || printf '%s\n' "$@"
}

# Writes scaled settings to $run/configs, and prints in one line what was scaled.
scale() { # NAME RUN
	local train=configs/$1/train.ini run=$2 key
	declare -A full
	for key in model depth width clip-length sample-size epochs batch micro-batch scale-lr warmup-epochs finetune; do
		full[${key//-/_}]=$(setting "$train" $key)
	done
	local model=${full[model]} frames=${full[clip_length]} side=32 width=0.125 height=64 network
	((frames <= 16)) || frames=24
	((full[sample_size] <= 112)) || side=64
	case $model in
	c3d*) side=96 width=0.03125 height=112 ;;
	i3d) side=64 width=0.0625 ;;
	esac
	local scaled=("width = $width" "clip-length = $frames" "sample-size = $side" "epochs = 2"
		"validation-clips = 1" "last-batch = keep" "batch = 8")
	network="$model at width $width"
	if [ "$model" = r3d ]; then
		scaled+=("depth = 18")
		network="r3d-18 at width $width in place of r3d-${full[depth]}"
	fi
	((full[micro_batch] == 0)) || scaled+=("micro-batch = 4")
	# The learning rate of the settings is for the full batch, so it is scaled to the small batch.
	[ "${full[scale_lr]}" != 0 ] || scaled+=("scale-lr = ${full[batch]}")
	((full[batch] <= 256)) || scaled+=("batch = 16")
	[ "${full[warmup_epochs]}" = 0 ] || scaled+=("warmup-epochs = 1")
	mkdir -p "$run/configs"
	rm -f "$run/weights.ini"
	if [ -n "${full[finetune]}" ]; then
		with_settings "$train" "${scaled[@]}" "finetune = " "finetune-from = " "epochs = 1" |
			last_of_each >"$run/weights.ini"
		scaled+=("finetune = $run/weights/checkpoints/latest")
	fi
	with_settings "$train" "${scaled[@]}" | last_of_each >"$run/configs/train.ini"
	with_settings "configs/$1/prep.ini" "height = $height" "short-side = 0" >"$run/configs/prep.ini"
	for key in list score evaluate; do
		[ ! -e "configs/$1/$key.ini" ] || with_settings "configs/$1/$key.ini" >"$run/configs/$key.ini"
	done
	echo "rehearsal of $1: 24 drawn videos of 4 classes in the layout of $(set_of "$1"); $network;" \
		"clips of $frames x $side x $side in place of ${full[clip_length]} x ${full[sample_size]} x" \
		"${full[sample_size]}; 2 epochs in place of ${full[epochs]}. Its figures say nothing about the method"
}
# Keeps the last line of each key.
last_of_each() { tac | awk -F ' =' '!seen[$1]++' | tac; }

rehearse() { # NAME
	local name=$1 set run=$RUNS/$1 data with shards
	set=$(set_of "$name")
	data=$RUNS/data/$set
	configs/miniature.sh "$set" "$BIN" "$data"
	scale "$name" "$run"
	with=("EXP=$name" "CONFIGS=$run/configs" "VIDEOS=$data/videos" "ANNOTATIONS=$data/annotations")
	local again=()
	[ "${OVERWRITE:-}" != yes ] || again=(--overwrite)
	local target=evaluate first=("RUN=$run")
	case $set in
	ucf101 | hmdb51)
		target=splits first=("RUN=$run/split-1" SPLIT=1)
		configs/splits.sh "$run" folders
		;;
	esac
	if [ -e "$run/weights.ini" ]; then
		echo "rehearsal of $name: a network is trained for one epoch, in place of the weights that you give"
		workflow pack "${with[@]}" "${first[@]}"
		shards=${first[0]#RUN=}/shards
		"$BIN/train-r3d" --config "$run/weights.ini" "${again[@]}" "$shards" "$run/weights"
	fi
	workflow $target "${with[@]}" "RUN=$run"
}

[ $# = 1 ] || { echo "usage: configs/rehearse.sh NAME|all" >&2 && exit 2; }
if [ "$1" = all ]; then
	mapfile -t chosen < <(names)
elif [ -n "$(set_of "$1")" ]; then
	chosen=("$1")
else
	echo "rehearse: EXP=$1 is no published experiment; there are $(names | paste -sd' ')" >&2
	exit 2
fi
for name in "${chosen[@]}"; do
	rehearse "$name"
done
