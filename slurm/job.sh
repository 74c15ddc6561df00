# shellcheck shell=bash
# Has the functions that all jobs share; each *.sbatch sources it in the folder of its submission.
#
# A node that cannot launch a job may still end it as COMPLETED 0:0, and then Slurm releases the
# jobs that wait for it. So no job trusts the job before it. Each job waits for the file that proves
# the stage before it, and at its end for the file that proves its own stage.
# shellcheck source=slurm/chain.sh
. slurm/chain.sh

# Slurm's name of this job. The number of one task of each array is also that of the whole array.
self=${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}}
self=${self:-${SLURM_JOB_ID:?is not set, so this is no job of Slurm: slurm/submit.sh queues this script}}

# USR1 before the time limit comes to this script alone. TERM, when the job is to end, comes to its other processes
# too, and so may what a site sends before a preemption. The signals are noted from here on, however long site_setup
# takes.
asked='' cancelled='' requeued=''

# A job that was cancelled after Slurm had told it of its preemption is shown as a preempted one, until it has
# ended. Only Slurm's line in its log has no reason then.
log_has_cancel() {
	# In a pipe, tail would fail if more of the log follows the line, because grep ends there.
	grep -aqE '^slurmstepd.* JOB .* CANCELLED AT [^ ]+ \*\*\*' < <(tail -c "+$((${log_begins:-0} + 1))" "${log:-}" 2>/dev/null)
}

# TERM has several causes, and Slurm knows which. If it does not answer, the job counts as cancelled.
hear_term() {
	local said
	[ -z "$requeued" ] || return 0
	said=$(trap '' TERM && timeout 10 scontrol --oneliner show job "$self" 2>/dev/null) || said=
	if [[ $said =~ \ Restarts=([0-9]+) ]] && ((BASH_REMATCH[1] > ${SLURM_RESTART_COUNT:-0})); then
		requeued=yes
		echo "Slurm queues this job again" >&2
	elif [[ $said =~ PreemptTime=[0-9] ]] && ! log_has_cancel; then
		asked=preempted
	elif [[ $said =~ JobState=RUNNING|Reason=TimeLimit ]]; then
		asked=yes
	else
		cancelled=yes
	fi
}
trap asked=yes USR1 USR2 INT HUP XCPU
trap hear_term TERM

stage=${SLURM_JOB_NAME#reel3d-}
job=${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}
log=$RUN/slurm/$SLURM_JOB_NAME-$job${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}.log
# A job that starts again appends to its log.
log_begins=$(wc -c 2>/dev/null <"$log" || echo 0)
# If this task fails, this file gets the last lines of its log, for status.sh and end.sbatch.
record=$RUN/slurm/failures/$stage${SLURM_ARRAY_TASK_ID:+-$SLURM_ARRAY_TASK_ID}
if ((${SLURM_RESTART_COUNT:-0} > 0)); then
	printf '%s\t%s\t%s\n' "$stage" "$job" "$SLURM_RESTART_COUNT" >>"$RUN/slurm/restarts.tsv"
fi

keep_record() {
	local status=$?
	if ((status == 0)) || [ -n "$requeued" ]; then
		rm -f "$record"
		return
	fi
	mkdir -p "$(dirname "$record")"
	[ -z "${preparing:-}" ] || echo "$stage: $preparing failed on this node (status $status), see above" >&2
	{
		echo "$stage${SLURM_ARRAY_TASK_ID:+ task $SLURM_ARRAY_TASK_ID}: $([ -n "$cancelled" ] && echo cancelled || echo "status $status") on $HOSTNAME, log $log"
		grep -vE '^(make|srun|slurmstepd|run-ranks)|^[^a-z]*$' "$log" | tail -n 2 || true
	} >"$record"
}
trap keep_record EXIT

# Commands of a site, such as `module load` and `conda activate`, may read variables that are not set.
set +u
# Names what of the site runs at the moment, for keep_record.
preparing=${SITE_ENV:-slurm/site.env}
# shellcheck source=slurm/site.env
. "${SITE_ENV:-slurm/site.env}"
preparing="site_setup of ${SITE_ENV:-slurm/site.env}"
site_setup
preparing=
set -u

# Slurm's array may have only some of the tasks (ARRAY=LIST). The tools need the numbers of all tasks.
if [ -n "${SLURM_ARRAY_TASK_ID:-}" ]; then
	export SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_COUNT="$TASKS"
fi

# await_file FILE waits for the file: on network file systems other nodes see a new file late.
await_file() {
	local tries
	for ((tries = 0; tries < 60; tries++)); do
		[ ! -e "$1" ] || return 0
		sleep 1
	done
	echo "$SLURM_JOB_NAME: $1 is not there: that stage did not finish$(blame "$1")" >&2
	return 1
}

# make_stage STAGE [NAME=VALUE...] makes the same target as on one machine, with the built tools.
make_stage() {
	exec make -f Makefile.workflow EXEC=local BUILD=no LIST=no "$@"
}

# blame FILE names the tasks that did not do their part of the stage that writes FILE last.
blame() {
	local name undone unstarted
	for name in "${stages[@]}"; do
		if [ "$1" = "$(proof_of "$name")" ] && [ -n "$(jobs_of "$name")" ]; then
			undone=$(undone_tasks "$name")
			unstarted=$(never_began "$name")
			[ -z "$undone" ] || printf '; no result of %s tasks %s' "$name" "$undone"
			[ -z "$unstarted" ] || printf '; %s' "$unstarted"
		fi
	done
}

# queue_again TIMES MOST WHY [PAUSE_S] puts this job back into the queue, for the reason WHY. TIMES is how
# often that has happened already; from MOST on, the job fails instead. The job starts after PAUSE_S seconds
# at the earliest.
queue_again() {
	[ -z "$requeued" ] || exit 75 # by Slurm
	if (($1 >= $2)); then
		echo "$stage: $3, but this job has been queued again $1 times already: start it again by hand" >&2
		exit 1
	fi
	requeued=yes
	echo "$3: queueing again$([ "${4:-0}" = 0 ] || echo ", to start in $4 s or later")" >&2
	trap '' TERM # it comes at once, and must not end the second command
	scontrol requeue "$self" || {
		requeued=
		exit 1
	}
	[ "${4:-0}" = 0 ] || scontrol update JobId="$self" StartTime="now+$4" || true
	exit 75
}

# end_work PROCESS asks the running stage to end; what it has finished stays.
end_work() { kill -TERM "$1" 2>/dev/null || true; }

# run_work FUNCTION... runs the function in the background, since bash runs a trap only between
# commands. After a request to stop it calls end_work for the function's process. The function ends by exec, so
# that the signal reaches its command. Returns the command's status.
#
# Slurm signals the processes of a job one after another. On a busy node a stage that heard its own signal may have
# ended before this script hears one, so a stage that failed is given 3 s for that.
run_work() {
	local worker status=0 told='' tries
	"$@" &
	worker=$!
	while kill -0 "$worker" 2>/dev/null; do
		if [ -n "$asked" ] && [ -z "$told" ] && end_work "$worker"; then
			told=yes
		fi
		status=0
		if [ -n "$asked" ] && [ -z "$told" ]; then
			sleep 0.5
		else
			wait "$worker" || status=$?
		fi
	done
	status=0
	wait "$worker" || status=$?
	if ((status != 0)); then
		for ((tries = 0; tries < 30; tries++)); do
			[ -z "$asked$cancelled$requeued" ] || break
			sleep 0.1 || true # the signal may end it
		done
	fi
	return "$status"
}

# do_stage STAGE [MOST] makes a stage that can be ended at any time. Shortly before the time limit, or when the
# job is preempted, the stage ends, and the job queues itself again to do the rest: at most REQUEUES times, and at
# most MOST times.
do_stage() {
	local status=0 most=${REQUEUES:-100}
	[ -z "${2:-}" ] || ((most <= $2)) || most=$2
	run_work make_stage "$1" || status=$?
	[ -z "$asked" ] || [ -n "$cancelled" ] || ((status == 0)) || queue_again "${SLURM_RESTART_COUNT:-0}" "$most" "the job was asked to stop"
	((status == 0)) || exit "$status"
}

# await_proof FOLDER waits for the file that this job, or its task of an array, writes last. Tasks that
# share the work end when all of it is done.
await_proof() {
	local proof=$1/DONE
	if ((${SLICES:-0} == 0)) && ((${SLURM_ARRAY_TASK_COUNT:-1} > 1)) && [ ! -e "$proof" ]; then
		proof=$(printf '%s/tasks/%04d-of-%04d/DONE' "$1" \
			$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN)) "$SLURM_ARRAY_TASK_COUNT")
	fi
	await_file "$proof"
}
