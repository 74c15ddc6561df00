#!/usr/bin/env bash
# Prints how far an experiment's newest submission is: one line a stage, then the last error of each
# task that failed. `make -f Makefile.workflow status EXP=NAME` calls it.
cd "$(dirname "$0")/.." || exit

# The newest submission knows the number of tasks and the way to pack better than the caller does.
submitted_with() { sed -nE "s/^$1 = ($2)\$/\1/p" "${RUN:-run/${EXP:-demo}}/slurm/chain" 2>/dev/null | head -n 1 || true; }
tasks=$(submitted_with tasks '[1-9][0-9]{0,4}')
pack=$(submitted_with pack 'groups|steps')
export TASKS=${tasks:-${TASKS:-}} PACK=${pack:-${PACK:-}}

# shellcheck source=slurm/chain.sh
. slurm/chain.sh

[ -e "$jobs" ] || die 3 "nothing of $RUN has been submitted: there is no $jobs"
known=$(queued_jobs "$(jobs_of '.*')")

# count_jobs JOB STATE|STATE prints how many tasks of the job are in one of these states.
count_jobs() { awk -v job="$1" -v states="^($2)" '$1 == job && $2 ~ states {n++} END {print n + 0}' <<<"$known"; }

count_lines() { if [ -e "$1" ]; then wc -l <"$1"; else echo 0; fi; }

# share_progress STAGE counts the slices or, if the tasks have fixed shares, the tasks that are done.
# The leases are gone when the stage is complete; then the newest of its task folders has the number. Before the first
# task has begun, the number of slices is not known.
share_progress() {
	local all unit tasks=$RUN/${folder[$1]}/tasks
	unit=$(shares_work "$1" && echo slices || echo tasks)
	all=$(slices_there "$1")
	: "${all:=$(find "$tasks" -mindepth 1 -maxdepth 1 -name '*-of-*' -printf '%T@ %f\n' 2>/dev/null | sort -n | sed -n '$s/.*-of-0*\([1-9][0-9]\{0,6\}\)$/\1/p')}"
	: "${all:=$([ "$unit" = tasks ] && echo "$TASKS" || echo 0)}"
	((all == TASKS)) || unit=slices
	echo "$(find "$tasks" -path "*-of-$(printf '%04d' "$all")/DONE" 2>/dev/null | wc -l) $all $unit"
}

# progress STAGE prints three words: done, all, unit. All is 0 if it is unknown.
progress() {
	local epochs
	case $1 in
	prep) echo "$(find "$RUN/prepared" -name '*.mkv' 2>/dev/null | wc -l) $(tail -n +2 "$RUN/videos.tsv" | wc -l) videos" ;;
	train)
		epochs=$(sed -n 's/^epochs = \([1-9][0-9]\{0,8\}\)$/\1/p;T;q' "$RUN/train/config.ini" 2>/dev/null) || true
		echo "$(count_lines "$RUN/train/metrics.jsonl") ${epochs:-0} epochs"
		;;
	score) share_progress score ;;
	pack) if is_array pack; then share_progress pack; else echo "0 0 -"; fi ;;
	*) echo "0 0 -" ;;
	esac
}

# Prints the times of the files that this submission has made so far, from the file system's clock. For
# training, the times are sums of the epochs' seconds.
made_times() { # STAGE
	case $1 in
	prep) find "$RUN/prepared" -name '*.mkv' -newer "$jobs" -printf '%T@\n' 2>/dev/null ;;
	pack) find "$RUN/shards/tasks" -name DONE -newer "$jobs" -printf '%T@\n' 2>/dev/null ;;
	score) find "$RUN/scores/tasks" -name DONE -newer "$jobs" -printf '%T@\n' 2>/dev/null ;;
	train) sed -n 's/.*"seconds": *\([0-9.]*\).*/\1/p' "$RUN/train/times.jsonl" 2>/dev/null |
		awk 'BEGIN {print 0} {print sum += $1}' ;;
	esac
}

# rate STAGE DONE ALL prints the rate, and the time that is left at this rate.
rate() {
	{ made_times "$1" || true; } | sort -n | awk -v rest="$(($3 - $2))" '
		NR == 1 {first = $1}
		{last = $1}
		END {
			if (NR < 3 || last <= first) { print "-", "-"; exit }
			hourly = (NR - 1) / (last - first) * 3600
			printf "%.3g/h %s\n", hourly, (rest > 0 ? sprintf("%.1fh", rest / hourly) : "-")
		}'
}

state() { # STAGE JOB NEWER
	if (($(count_jobs "$2" 'RUNNING|COMPLETING|CONFIGURING|SUSPENDED') > 0)); then
		echo running
	elif (($(count_jobs "$2" '') > 0)); then
		echo queued
	elif made_by_chain "$1"; then
		[ -z "$3" ] && echo "done" || echo outdated
	elif [ -n "$(failures "$1")" ]; then
		echo failed
	else
		echo ended
	fi
}

failures() { find "$RUN/slurm/failures" -type f -name "$1*" 2>/dev/null | sort -V; }

restarts() { # JOB
	awk -F '\t' -v job="$1" '$2 == job {n++} END {print n + 0}' "$RUN/slurm/restarts.tsv" 2>/dev/null || echo 0
}

made_before() { # STAGE NEWER
	if [ ! -e "$(proof_of "$1")" ]; then
		echo "not submitted"
	elif [ -z "$2" ]; then
		echo "done before"
	else
		echo "done before, but older than $2"
	fi
}

stage_line() { # STAGE
	local job now newer='' finished all unit speed
	job=$(jobs_of "$1")
	[ ! -e "$(proof_of "$1")" ] || newer=$(newer_than "$1")
	if [ -z "$job" ]; then
		printf '%-9s %-8s %s\n' "$1" - "$(made_before "$1" "$newer")"
		return
	fi
	now=$(state "$1" "$job" "$newer")
	read -r finished all unit < <(progress "$1")
	speed='- -'
	[ "$all" = 0 ] || speed=$(rate "$1" "$finished" "$all")
	[ "$all" != 0 ] || unit=-
	unit=${unit/#[a-z]/$finished of $all ${unit:0:1}}
	[ "$now" != outdated ] || unit="older than $newer"
	table_line "$1" "$job" "$now" "$unit" \
		"$(count_jobs "$job" 'RUNNING|COMPLETING')" "$(count_jobs "$job" PENDING)" "$(failures "$1" | wc -l)" \
		"$(restarts "$job")" "${speed% *}" "${speed#* }"
}

table_line() { printf '%-9s %-8s %-8s %-22s %7s %6s %6s %8s %10s %9s\n' "$@"; }

table_line stage job state progress running queued failed restarts rate left
for stage in "${stages[@]}"; do stage_line "$stage"; done
if [ -e "$RUN/train/starts.jsonl" ]; then
	echo
	"${BIN:-build/bin}/inspect-file" --rows 20 "$RUN/train/starts.jsonl" || true
fi
for stage in prep pack score; do
	ended=$({ find "$RUN/${folder[$stage]}/leases" -name '*.ended-*' 2>/dev/null || true; } | wc -l)
	((ended == 0)) || printf '\n%s: attempts that ended before their slice was done: %s (inspect-file %s names them)\n' "$stage" "$ended" "$RUN/${folder[$stage]}"
done
for record in $(failures ''); do
	printf '\n%s\n' "$(cat "$record")"
done
