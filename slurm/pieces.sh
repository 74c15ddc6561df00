# shellcheck shell=bash disable=SC2154
# Says into how many slices the work of a stage is cut, and how many tasks find work in it. submit.sh sources this
# file, which uses chain.sh. $videos is the number of rows of videos.tsv, and $slices the user's SLICES.

# All settings of a stage, as its tool prints them.
declare -A settings=()

# setting STAGE KEY prints the value of a setting; nothing if the settings of the stage are not known.
setting() { sed -n "s/^$2 = \([a-z0-9]*\)\$/\1/p" <<<"${settings[$1]:-}" | head -n 1; }

# has_fixed_shares STAGE succeeds if the stage is unfinished, and was begun by TASKS tasks with fixed shares.
has_fixed_shares() {
	[ ! -e "$(proof_of "$1")" ] && [ -z "$(slices_there "$1")" ] && ((TASKS > 1)) &&
		compgen -G "$RUN/${folder[$1]}/tasks/*-of-$(printf '%04d' "$TASKS")" >/dev/null
}

# Sets SLICES of a stage; 0: its tasks have fixed shares. An unfinished stage is continued with the slices or the fixed
# shares that it was begun with, unless SLICES asks for slices now. Tasks that share the work cannot make it again,
# because none knows what the others have made.
choose_slices() { # STAGE
	export SLICES=0
	if is_array "$1" && [ "${OVERWRITE:-}" != yes ] && [ "$slices" != 0 ]; then
		[ -n "$slices" ] || ! has_fixed_shares "$1" || return 0
		SLICES=$(slices_there "$1")
		: "${SLICES:=${slices:-$(default_slices "$TASKS" "$videos")}}"
	fi
}

# pieces_of STAGE prints the largest number of pieces that the work of a stage has, and what they are. One task
# does each piece. Prints nothing if that is not known.
pieces_of() {
	local each wanted number=$videos
	case $1 in
	prep) echo "$videos videos" ;;
	pack)
		each=$(setting pack group-videos)
		[[ ! $each =~ ^[1-9][0-9]{0,8}$ ]] || echo "$(((videos + each - 1) / each)) groups of videos"
		;;
	score)
		each=$(setting score videos-per-part) wanted=$(setting score subset)
		[[ $each =~ ^[1-9][0-9]{0,8}$ ]] || return 0
		# It is enough to know that there is a piece for each task.
		[ -z "$wanted" ] || number=$(awk -F '\t' -v wanted="$wanted" -v most="$((each * TASKS))" '
			NR == 1 { for (i = 1; i <= NF; i++) if ($i == "subset") column = i }
			NR > 1 && $column == wanted && ++count >= most { exit }
			END { print count + 0 }' "$RUN/videos.tsv")
		echo "$(((number + each - 1) / each)) files of scores"
		;;
	esac
}

# tasks_of_array STAGE prints how many tasks have work in an array of a stage, after choose_slices, and, if these are
# fewer than TASKS, what there is no more of. Other tasks would wait on their nodes until these have done all.
tasks_of_array() {
	local pieces what count=$TASKS few=''
	if ((SLICES > 0)); then
		# The tools make at least two slices.
		local cut=$((SLICES > 2 ? SLICES : 2))
		((cut >= count)) || count=$cut few=slices
		read -r pieces what < <(pieces_of "$1") || true
		((${pieces:-0} == 0 || pieces >= count)) || count=$pieces few=$what
	fi
	echo "$count $few"
}
