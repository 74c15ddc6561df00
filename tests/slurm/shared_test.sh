#!/usr/bin/env bash
# Runs the pipeline on a real Slurm with tasks that share the slices of prep and of score, and again with tasks
# that pack in groups (PACK=groups). In each of prep, pack and score it kills a node and a task. The jobs must
# end without help, with the bytes of a run without Slurm.
# shellcheck source=tests/slurm/slurm_test_support.sh
. "$REEL3D_SOURCE/tests/slurm/slurm_test_support.sh"

export BIN=$REEL3D_BIN CONFIGS=$work/configs EXP=small VIDEOS="$work/small videos" SITE_ENV=$work/site.env
last=evaluate
tools=(prep-videos pack-videos score-videos)
if [ ! -x "$BIN/train-r3d" ]; then # a build without torch
	last=pack
	tools=(prep-videos pack-videos)
fi
mkdir -p "$CONFIGS"
echo 'validation-fraction = 0.25' >"$CONFIGS/list.ini"
printf 'height = 48\nlease-timeout = 5\nthreads = 1\n' >"$CONFIGS/prep.ini"
echo 'group-videos = 2' >"$CONFIGS/pack.ini"
cat tests/small_train.ini - <<<"epochs = 1" >"$CONFIGS/train.ini"
printf 'videos-per-part = 1\nthreads = 1\nlease-timeout = 5\n' >"$CONFIGS/score.ini"
cp slurm/site.env "$SITE_ENV"
# One task of an array on each node.
cat >>"$SITE_ENV" <<-END
	PREP_OPTIONS=(--cpus-per-task=4 --time=10)
	[ "\${PACK:-}" != groups ] || PACK_OPTIONS=("\${PREP_OPTIONS[@]}")
	SCORE_OPTIONS=("\${PREP_OPTIONS[@]}")
END
"$BIN/make-demo-videos" --videos-per-class 3 "$VIDEOS"

echo "== on this machine"
workflow $last RUN="$work/local"

# make_stuck TOOL NODE... puts a stand-in into $work/bin. On these nodes the tool stands still as soon as it has a
# slice. On the other nodes it starts after that.
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
		[ -n "\$node" ] || exec "$REEL3D_BIN/$tool" "\$@" # the submission checks the settings
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
for tool in "${tools[@]}"; do
	rm "$work/bin/$tool"
	make_stuck "$tool" n2 n3
done

# await_stuck TOOL NODE waits until the tool stands still on this node.
await_stuck() {
	for ((i = 0; i < 1800; i++)); do [ ! -e "$work/stuck-$1-$2" ] || return 0 && sleep 0.1; done
	fail "$1 has not begun on $2: $(squeue)"
}

# lose_tasks RUN TOOL: when the tool stands still on n2 and n3, n2 dies, and the task on n3 is killed. Returns
# when the stage has ended, and n2 is back.
lose_tasks() {
	local stage=${2%-videos} job
	await_stuck "$2" n2
	await_stuck "$2" n3
	sleep 1
	$harness kill-node "$cluster" n2
	scontrol update NodeName=n2 State=DOWN Reason=crash
	job=$(job_of "$1" "$stage")
	scancel --full --signal=KILL "$(squeue --noheader --array --jobs="$job" --nodelist=n3 --format=%i)"
	await_job "$1" "$stage" 120
	grep -q 'is taken over' "$1/slurm/reel3d-$stage"-*.log || fail "no slice was taken over"
	$harness start-node "$cluster" n2
	scontrol update NodeName=n2 State=RESUME 2>/dev/null || true
}

# expect_local RUN compares the run's shards with those of the run without Slurm.
expect_local() {
	local file names
	names=$(cd "$work/local/shards" && ls -- *.h5 *.tsv *.txt index.bin passport.json DONE)
	[ "$(cd "$1/shards" && ls -- *.h5 *.tsv *.txt index.bin passport.json DONE)" = "$names" ] || fail "other files: $(ls "$1/shards")"
	for file in $names; do cmp "$work/local/shards/$file" "$1/shards/$file"; done
}

echo "== on a cluster of three nodes, of which one dies, and one task is killed"
export BIN=$work/bin
workflow pack RUN="$work/steps" EXEC=slurm TASKS=3
lose_tasks "$work/steps" prep-videos
await_job "$work/steps" pack 120
for prepared in "$work"/local/prepared/*.mkv; do
	cmp "$prepared" "$work/steps/prepared/$(basename "$prepared")"
done
expect_local "$work/steps"
[ -e "$work/steps/prepared/tasks/0023-of-0024/DONE" ] || fail "prep was not cut into 24 slices"
[ ! -e "$work/steps/prepared/leases" ] || fail "leases stay"

echo "== the same in groups, to the end"
mkdir "$work/scratch"
workflow $last RUN="$work/groups" EXEC=slurm TASKS=3 PACK=groups SCRATCH="$work/scratch"
for tool in "${tools[@]:1}"; do lose_tasks "$work/groups" "$tool"; done
await_job "$work/groups" $last 240
expect_local "$work/groups"
[ -e "$work/groups/shards/tasks/0011-of-0012/DONE" ] || fail "pack was not cut into 12 slices"
[ ! -e "$work/groups/shards/leases" ] || fail "leases stay"
[ ! -e "$work/groups/prepared" ] || fail "prepared videos stay"
# Only those of killed tasks stay, until the next task of their host.
[ -z "$(find "$work/scratch" -mindepth 1 -maxdepth 1 ! -name '*n[23]*')" ] || fail "scratch stays: $(ls -A "$work/scratch")"
if [ $last = evaluate ]; then
	for scores in "$work"/local/scores/scores-*.h5; do
		cmp "$scores" "$work/groups/scores/$(basename "$scores")"
	done
	cmp "$work"/{local,groups}/evaluation/metrics.json
	cmp "$work"/{local,groups}/evaluation/predictions.tsv
fi
workflow status RUN="$work/groups" TASKS=3
echo "all passed"
