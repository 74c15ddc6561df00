# shellcheck shell=bash disable=SC2154
# Compares the time that training needs to stop with the time that this cluster gives it. submit.sh sources
# this file, which uses limits.sh and the options of site.env.

# Prints the seconds of a mean step and of the longest save in the newest start that did a step, from
# starts.jsonl of this run (docs/reference/formats.md); nothing if there is no such start. `saves` holds up to
# three moments, and the time of a save is the difference of two.
seconds_to_stop() {
	local file=$RUN/train/starts.jsonl
	[ ! -f "$file" ] || tail -n 20 "$file" | LC_ALL=C tr -d ' ' | LC_ALL=C awk '
		function number(text, key) { return match(text, "\"" key "\":[0-9.]+") ? substr(text, RSTART + length(key) + 3, RLENGTH - length(key) - 3) + 0 : 0 }
		{
			split($0, half, "\"saves\":\\[")
			split(half[1], sums, "\"seconds\":[{]")
			steps = number(half[1], "step") - number(half[1], "first_step")
			if (steps < 1) next
			points = split(half[2], point, "\"step\":")
			longest = 0
			before = points > 3 ? number(point[2], "saves") : 0
			for (i = 2; i <= points; i++) {
				if (number(point[i], "saves") - before > longest) longest = number(point[i], "saves") - before
				before = number(point[i], "saves")
			}
			if (number(sums[2], "saves") - before > longest) longest = number(sums[2], "saves") - before
			need = (number(sums[2], "steps") + number(sums[2], "data") + number(sums[2], "ranks")) / steps + longest
		}
		END { if (need > 0) printf "%d\n", need + 1 }'
}

# lead_seconds OPTION... prints how long before the time limit training is asked to stop.
lead_seconds() {
	local signal
	signal=$(sbatch_option signal ' ' "$@")
	: "${signal:=$(sed -n 's/^#SBATCH --signal=//p' slurm/train.sbatch)}"
	[[ $signal != *@* ]] || grep -xE '[0-9]{1,9}' <<<"${signal##*@}" || true
}

# is_highest_tier PARTITION succeeds if no partition has a higher tier: only jobs of such a one would preempt its jobs.
is_highest_tier() {
	timeout 20 scontrol --all --oneliner show partition 2>/dev/null | tr ' ' '\n' | awk -F = -v partition="$1" '
		$1 == "PartitionName" { name = $2 }
		$1 == "PriorityTier" && name == partition { own = $2 }
		$1 == "PriorityTier" && $2 + 0 > most { most = $2 + 0 }
		END { exit own == "" || own + 0 < most }'
}

# grace_seconds PARTITION QOS prints how long before a preemption the ranks hear of it; nothing if this cluster
# preempts no such job.
grace_seconds() {
	local mode grace
	mode=$(partition_value "$1" PreemptMode)
	case $(awk '$1 == "PreemptType" {print $3}' <<<"$site") in
	preempt/partition_prio) is_highest_tier "$1" || grace=$(partition_value "$1" GraceTime) ;;
	preempt/qos) grace=$(ask_accounting GraceTime qos where "name=${2:-normal}" | head -n 1 | awk -F : '{print NF == 3 ? ($1 * 60 + $2) * 60 + $3 : $1}') ;;
	*) return 0 ;;
	esac
	[[ -z $mode || $mode =~ OFF ]] || grep -xE '[0-9]{1,9}' <<<"${grace:-}" || true
}

# Prints a note if training cannot save before it is ended. It saves now and then all the same, and Slurm may
# never preempt it, so it is queued.
say_grace() {
	local need lead grace partition options=("${SITE_OPTIONS[@]}" "${TRAIN_OPTIONS[@]}")
	[[ " ${work[*]} " == *' train '* ]] || return 0
	need=$(seconds_to_stop)
	lead=$(lead_seconds "${options[@]}")
	if ((${need:-0} > ${lead:-0})) && [ -n "$lead" ]; then
		echo "note: a step and a save took $need s before, but training is asked to stop only $lead s before its time limit: add --signal=B:USR1@$((2 * need)) to TRAIN_OPTIONS in ${SITE_ENV:-slurm/site.env}"
	fi
	partition=$(partition_of "${options[@]}")
	grace=$(grace_seconds "$partition" "$(sbatch_option qos q "${options[@]}")")
	if [ -n "$grace" ] && ((grace < ${need:-60})); then
		echo "note: Slurm may preempt jobs of partition $partition, $grace s after it has told them (GraceTime), but a step and a save take ${need:-perhaps 60} s: what training did since its last save is then done again. checkpoint-minutes in train.ini sets how often it saves"
	fi
}
