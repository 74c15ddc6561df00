# shellcheck shell=bash disable=SC2154
# Makes hosts on this machine, for tests of programs that mpirun starts on several hosts; a test sources this file
# after it has set `hosts`, such as (h1 h2). A host is a set of namespaces with its own name, network, mounts and
# /dev/shm, and all hosts see the same files elsewhere. They end with the test. Status 77: this user or this
# kernel has no namespaces.
unavailable() {
	echo "skipped: $*"
	exit 77
}
for program in ip tc nsenter mpirun; do
	PATH=$PATH:/usr/sbin:/sbin command -v $program >/dev/null || unavailable "$program is not here"
done
export PATH=$PATH:/usr/sbin:/sbin
if [ -z "${HOST_FAULTS_SPACE:-}" ]; then
	space=(unshare --mount --net --pid --fork --kill-child --mount-proc)
	[ "$(id -u)" = 0 ] || space+=(--user --map-root-user)
	"${space[@]}" ip link add probe type bridge 2>/dev/null || unavailable "no namespaces with a network of their own"
	HOST_FAULTS_SPACE=yes exec "${space[@]}" "$0" "$@"
fi

work=$(mktemp -d /tmp/r3d-XXXXXX) # a short path, because it holds sockets
clean_up() {
	local status=$?
	trap - EXIT
	# shellcheck disable=SC2046 # several numbers
	kill -KILL $(cat "$work"/pid-*) 2>/dev/null || true
	wait 2>/dev/null || true
	! declare -F clean_up_more >/dev/null || clean_up_more
	rm -rf --one-file-system "$work"
	exit "$status"
}
trap clean_up EXIT
fail() {
	echo "FAILED: $*" >&2
	exit 1
}

ip link set lo up
ip link add bridge type bridge
ip address add 10.77.0.9/24 dev bridge
ip link set bridge up
echo "127.0.0.1 localhost" >"$work/names"
for host in "${hosts[@]}"; do echo "10.77.0.1${host#h} $host" >>"$work/names"; done
mount --bind "$work/names" /etc/hosts
for host in "${hosts[@]}"; do
	unshare --net --uts --mount sh -c "hostname $host && mount -t tmpfs tmpfs /dev/shm && exec sleep 3600" &
	echo $! >"$work/pid-$host"
	until [ "$(nsenter --target $! --uts hostname 2>/dev/null)" = "$host" ]; do sleep 0.05; done
	ip link add "to-$host" type veth peer name eth0 netns $!
	ip link set "to-$host" master bridge up
	nsenter --target $! --net sh -c "ip link set lo up && ip address add 10.77.0.1${host#h}/24 dev eth0 && ip link set eth0 up"
done

on() { # HOST COMMAND...: runs the command on the host
	local host=$1
	shift
	nsenter --target "$(<"$work/pid-$host")" --net --uts --mount -- "$@"
}

# mpirun starts its daemons by this program, in place of ssh. The file environment-HOST plants faults.
cat >"$work/agent" <<-END
	#!/bin/sh
	host=\$1
	shift
	[ ! -e "$work/environment-\$host" ] || . "$work/environment-\$host"
	exec nsenter --target "\$(cat "$work/pid-\$host")" --net --uts --mount -- sh -c "\$*"
END
chmod +x "$work/agent"
# These options of mpirun keep it to the network of the hosts.
# shellcheck disable=SC2034
to_hosts=(--mca plm_rsh_agent "$work/agent" --mca oob_tcp_if_include 10.77.0.0/24 --mca btl_tcp_if_include 10.77.0.0/24)
