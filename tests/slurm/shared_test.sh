#!/usr/bin/env bash
# Runs the pipeline on a real Slurm with tasks that share the slices of prep and of score. In each of the
# two it kills a node and a task. The jobs must end without help, with the bytes of a run without Slurm.
# shellcheck source=tests/slurm/slurm_test_support.sh
. "$REEL3D_SOURCE/tests/slurm/slurm_test_support.sh"

export BIN=$REEL3D_BIN CONFIGS=$work/configs EXP=small VIDEOS="$work/small videos" SITE_ENV=$work/site.env
last=evaluate
stages=(prep-videos score-videos)
if [ ! -x "$BIN/train-r3d" ]; then # a build without torch
	last=pack
	stages=(prep-videos)
fi
mkdir -p "$CONFIGS"
echo 'validation-fraction = 0.25' >"$CONFIGS/list.ini"
printf 'height = 48\nlease-timeout = 5\nthreads = 1\n' >"$CONFIGS/prep.ini"
cat >"$CONFIGS/train.ini" <<-END
	depth = 10
	width = 0.125
	sample-size = 32
	threads = 1
	batch = 8
	epochs = 1
END
printf 'videos-per-part = 1\nthreads = 1\nlease-timeout = 5\n' >"$CONFIGS/score.ini"
cp slurm/site.env "$SITE_ENV"
# One task of an array on each node.
printf 'PREP_OPTIONS=(--cpus-per-task=4 --time=10)\nSCORE_OPTIONS=(--cpus-per-task=4 --time=10)\n' >>"$SITE_ENV"
"$BIN/make-demo-videos" --videos-per-class 3 "$VIDEOS"

echo "== on this machine"
workflow $last RUN="$work/local"

# make_stuck TOOL NODE... puts a stand-in into $work/bin. On these nodes the tool stands still as soon as it has a
# slice. On the others it starts after that.
make_stuck() {
	local tool=$1
	shift
	cat >"$work/bin/$tool" <<-END
		#!/usr/bin/env bash
		stuck=$work/stuck-$tool-
		all_stuck() {
			local node
			for node in $*; do [ -e "\$stuck\$node" ] || return 1; done
		}
		node=\${SLURMD_NODENAME:-}
		if [[ " $* " != *" \$node "* ]] || [ -e "\$stuck\$node" ]; then
			for ((i = 0; i < 600; i++)); do all_stuck || sleep 0.1; done
			exec "$REEL3D_BIN/$tool" "\$@"
		fi
		"$REEL3D_BIN/$tool" "\$@" &
		while kill -STOP \$! 2>/dev/null; do
			if grep -qs "\"process\": \$!," "\${@: -1}"/leases/*.lease; then
				touch "\$stuck\$node"
				break
			fi
			kill -CONT \$!
			sleep 0.01
		done
		wait \$!
	END
	chmod +x "$work/bin/$tool"
}
mkdir "$work/bin"
for program in "$REEL3D_BIN"/*; do ln -s "$program" "$work/bin/"; done
for stage in "${stages[@]}"; do
	rm "$work/bin/$stage"
	make_stuck "$stage" n2 n3
done

# await_stuck STAGE NODE waits until the tool stands still on this node.
await_stuck() {
	for ((i = 0; i < 1800; i++)); do [ ! -e "$work/stuck-$1-$2" ] || return 0 && sleep 0.1; done
	fail "$1 has not begun on $2: $(squeue)"
}

echo "== on a cluster of three nodes, of which one dies, and one task is killed"
BIN=$work/bin workflow $last RUN="$work/slurm" EXEC=slurm TASKS=3 SLICES=192
for stage in "${stages[@]}"; do
	await_stuck "$stage" n2
	await_stuck "$stage" n3
	sleep 1
	$harness kill-node "$cluster" n2
	scontrol update NodeName=n2 State=DOWN Reason=crash
	job=$(job_of "$work/slurm" "${stage%-videos}")
	scancel --full --signal=KILL "$(squeue --noheader --array --jobs="$job" --nodelist=n3 --format=%i)"
	await_job "$work/slurm" "${stage%-videos}" 120
	grep -q 'is taken over' "$work/slurm/slurm/reel3d-${stage%-videos}"-*.log || fail "no slice was taken over"
	$harness start-node "$cluster" n2
	scontrol update NodeName=n2 State=RESUME 2>/dev/null || true
done
await_job "$work/slurm" $last 240

for prepared in "$work"/local/prepared/*.mkv; do
	cmp "$prepared" "$work/slurm/prepared/$(basename "$prepared")"
done
cmp "$work"/{local,slurm}/prepared/failed.tsv
cmp "$work"/{local,slurm}/shards/00000.h5
[ -e "$work/slurm/prepared/tasks/0023-of-0024/DONE" ] || fail "prep was not cut into 24 slices"
[ ! -e "$work/slurm/prepared/leases" ] || fail "leases stay"
if [ $last = evaluate ]; then
	for scores in "$work"/local/scores/scores-*.h5; do
		cmp "$scores" "$work/slurm/scores/$(basename "$scores")"
	done
	cmp "$work"/{local,slurm}/evaluation/metrics.json
fi
workflow status RUN="$work/slurm" TASKS=3
echo "all passed"
