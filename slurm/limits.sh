# shellcheck shell=bash disable=SC2154
# Looks up how many tasks and jobs this cluster lets the user queue. submit.sh sources this file, which
# uses chain.sh and the options of site.env. What Slurm does not tell limits nothing: sbatch then
# refuses the job itself.

# sbatch_option LONG SHORT OPTION... prints the value of an option of sbatch: the last one counts.
sbatch_option() {
	local long=$1 short=$2 value=''
	shift 2
	while (($# > 0)); do
		case $1 in
		"--$long="*) value=${1#*=} ;;
		"--$long" | "-$short") value=${2:-} ;;
		"-$short"*) value=${1#-?} ;;
		esac
		shift
	done
	echo "$value"
}

# is_limit TEXT succeeds if this is a number of Slurm. They have 32 bits, and the highest ones mean "no limit".
# check-cluster reads the same texts inside a job (lib/cluster/slurm_text.cc), and
# tests/cluster/slurm_scripts_test.cc compares the two.
is_limit() { [[ $1 =~ ^[0-9]{1,10}$ ]] && ((10#$1 <= 4294967290)); }

# site_number KEY prints a number of `scontrol show config`, which is in $site; nothing if it has none.
site_number() {
	local number
	number=$(awk -v key="$1" '$1 == key {print $3}' <<<"$site" | head -n 1)
	! is_limit "$number" || echo $((10#$number))
}

# ask_accounting COLUMNS WHAT... prints lines of sacctmgr with '|' between columns; nothing where Slurm
# has no accounting, or does not answer.
ask_accounting() {
	local columns=$1
	shift
	timeout 20 sacctmgr --noheader --parsable2 show "$@" "format=$columns" 2>/dev/null || true
}

# partition_of OPTION... prints the partition of jobs with these options of sbatch: the default one if they
# name none, the first if they name several.
partition_of() {
	local named
	named=$(sbatch_option partition p "$@")
	: "${named:=${SBATCH_PARTITION:-}}"
	: "${named:=$(timeout 20 scontrol --oneliner show partition 2>/dev/null | sed -n '/ Default=YES /s/^PartitionName=\([^ ]*\).*/\1/p')}"
	echo "${named%%,*}"
}

# partition_value PARTITION KEY prints a value of `scontrol show partition`; nothing if it has none.
partition_value() {
	timeout 20 scontrol --oneliner show partition "$1" 2>/dev/null | tr ' ' '\n' | sed -n "s/^$2=//p" | grep -vxE 'N/A|NONE' || true
}

# max_array_tasks prints how many tasks an array may have: the lower of MaxArraySize and of max_array_tasks
# in SchedulerParameters, and the name of that limit.
max_array_tasks() {
	local most fewer
	most=$(site_number MaxArraySize)
	fewer=$(awk '$1 == "SchedulerParameters" {print $3}' <<<"$site" | tr ',' '\n' | sed -nE 's/^max_array_tasks=([0-9]{1,9})$/\1/p' | head -n 1)
	if [ -n "$most" ] && [ -n "$fewer" ] && ((10#$fewer < most)); then
		echo "$((10#$fewer)) max_array_tasks"
	elif [ -n "$most" ]; then
		echo "$most MaxArraySize"
	fi
}

# submit_limits ACCOUNT PARTITION QOS prints a line "NUMBER QUEUED NAME" for each limit on the jobs of this
# user that are queued or running: of the user in the account (MaxSubmitJobs), and of each user in the
# quality of service of the jobs and in that of the partition (MaxSubmitJobsPerUser). QUEUED jobs are there
# already; a task of an array is one.
submit_limits() {
	local user account=$1 partition=$2 qos=$3 line most cluster
	user=$(id -un)
	# One database may hold the accounts of several clusters.
	cluster=$(awk '$1 == "ClusterName" {print $3}' <<<"$site")
	: "${account:=$(ask_accounting DefaultAccount user where "name=$user" | head -n 1)}"
	# A row with this partition overrules that of the account; rows of other partitions do not count.
	line=$(ask_accounting Partition,MaxSubmitJobs,DefaultQOS associations where "user=$user" "account=$account" ${cluster:+"cluster=$cluster"} |
		awk -F '|' -v partition="$partition" '$1 == "" || $1 == partition' | sort -t '|' -k 1,1 | tail -n 1)
	most=$(cut -s -d '|' -f 2 <<<"$line")
	! is_limit "$most" || echo "$((10#$most)) $(own_jobs --account="$account") MaxSubmitJobs of account $account"
	: "${qos:=$(cut -s -d '|' -f 3 <<<"$line")}"
	: "${qos:=normal}"
	most=$(ask_accounting MaxSubmitJobsPerUser qos where "name=$qos" | head -n 1)
	! is_limit "$most" || echo "$((10#$most)) $(own_jobs --qos="$qos") MaxSubmitJobsPerUser of QOS $qos"
	qos=$(partition_value "$partition" QoS)
	[ -n "$qos" ] || return 0
	most=$(ask_accounting MaxSubmitJobsPerUser qos where "name=$qos" | head -n 1)
	! is_limit "$most" || echo "$((10#$most)) $(own_jobs --partition="$partition") MaxSubmitJobsPerUser of QOS $qos of partition $partition"
}

# own_jobs OPTION prints how many jobs and tasks the user has in the queue.
own_jobs() { squeue --noheader --array --user="$(id -un)" "$1" --format=%i 2>/dev/null | wc -l; }

# jobs_of_chain prints how many jobs and tasks the stages in `work` are, with TASKS tasks, and with the
# job at the end: those whose number does not depend on TASKS, and then the tasks of each array.
jobs_of_chain() {
	local stage count _ single=1 tasks=() array=${ARRAY:-}
	for stage in "${work[@]}"; do
		if ! is_array "$stage"; then
			single=$((single + 1))
		elif [ -n "$array" ]; then
			single=$((single + $(tasks_of "$array" | sort -u | wc -l)))
			array=
		else
			choose_slices "$stage"
			read -r count _ < <(tasks_of_array "$stage")
			tasks+=("$count")
		fi
	done
	echo "$single ${tasks[*]}"
}

# tasks_that_fit ROOM COUNT... prints the largest TASKS with which arrays of at most COUNT tasks each have at most
# ROOM tasks together; 0 if not even one task each fits.
tasks_that_fit() {
	local room=$1 left=$(($# - 1)) count
	shift
	for count in $(printf '%s\n' "$@" | sort -n); do
		((count * left <= room)) || break
		room=$((room - count)) left=$((left - 1))
	done
	echo $((left > 0 && room > 0 ? room / left : 0))
}

# Prints the least number of jobs that may still be queued, and the name of that limit. All jobs count
# as if they had the account, partition and QOS of SITE_OPTIONS.
room_for_jobs() {
	local most queued name
	{
		most=$(site_number MaxJobCount)
		[ -z "$most" ] || echo "$most $(squeue --noheader --array --format=%i 2>/dev/null | wc -l) MaxJobCount of the cluster"
		submit_limits "$(sbatch_option account A "${SITE_OPTIONS[@]}")" \
			"$(partition_of "${SITE_OPTIONS[@]}")" "$(sbatch_option qos q "${SITE_OPTIONS[@]}")"
	} | while read -r most queued name; do echo "$((most - queued)) $queued $most $name"; done | sort -n | head -n 1
}

# largest_array LIMIT prints how many tasks the largest array of `work` has, with TASKS tasks. max_array_tasks limits
# how many tasks an array has; MaxArraySize limits their numbers too, so with ARRAY its highest number counts.
largest_array() {
	local limit=$1 stage count _ most=0 array=${ARRAY:-}
	for stage in "${work[@]}"; do
		is_array "$stage" || continue
		choose_slices "$stage"
		if [ -z "$array" ]; then
			read -r count _ < <(tasks_of_array "$stage")
		elif [ "$limit" = max_array_tasks ]; then
			count=$(tasks_of "$array" | sort -u | wc -l)
		else
			count=$(($(tasks_of "$array" | sort -n | tail -n 1) + 1))
		fi
		array=
		((count <= most)) || most=$count
	done
	echo "$most"
}

# fit_arrays makes TASKS as small as the cluster requires if the tasks share the work, because any number
# of them does all of it. If the tasks have fixed shares, it refuses what does not fit.
fit_arrays() {
	local most its_name tightest room queued limit name fits=0 stage arrays=0 shared=yes need=0 largest single tasks count
	site=$(scontrol show config 2>&1) || true
	read -r most its_name < <(max_array_tasks) || true
	[ -n "$most" ] || die 4 "cannot ask Slurm for its MaxArraySize (scontrol show config): try again when it answers"
	for stage in "${work[@]}"; do
		is_array "$stage" || continue
		arrays=$((arrays + 1))
		choose_slices "$stage"
		((SLICES > 0)) || shared=
	done
	# ARRAY names tasks by their numbers among TASKS.
	[ -z "${ARRAY:-}" ] || arrays=0
	((arrays > 0)) || shared=
	largest=$(largest_array "$its_name")
	((most > 0 || largest == 0)) || die 4 "this cluster has no job arrays (its $its_name is 0): start prep, pack and score by hand with --share-work"
	if ((largest > most)); then
		[ -n "$shared" ] || die 2 "${ARRAY:+ARRAY=$ARRAY, }TASKS=$TASKS: this cluster's arrays hold at most $most tasks (its $its_name)"
		echo "TASKS=$TASKS is made $most, this cluster's $its_name: the tasks share the work"
		export TASKS=$most
	fi
	tightest=$(room_for_jobs)
	[ -n "$tightest" ] || return 0
	read -r room queued limit name <<<"$tightest"
	read -r single tasks < <(jobs_of_chain)
	for count in $single $tasks; do need=$((need + count)); done
	((need > room)) || return 0
	# shellcheck disable=SC2086 # one word for each array
	((arrays == 0)) || fits=$(tasks_that_fit $((room - single)) $tasks)
	((fits > 0)) || die 1 "$need jobs and tasks do not fit: $name is $limit, and $queued are queued or running already: wait, or make the stages one by one"
	[ -n "$shared" ] || die 2 "TASKS=$TASKS: $need jobs and tasks do not fit: $name is $limit, and $queued are queued or running already. TASKS=$fits fits, or make prep, train and score one by one"
	echo "TASKS=$TASKS is made $fits: $name is $limit, and $queued jobs are there already. The tasks share the work"
	export TASKS=$fits
}
