#!/usr/bin/env bash
# Tests setup/bundle/start.sh with programs that print their environment: which MPI is used, and that the
# bundle's folder may be anywhere. tests/bundle_check.sh runs a real bundle.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
top="$work/some where/reel3d"
mkdir -p "$top"/{bin,libexec} "$top"/openmpi/{bin,libexec} "$work"/{site,empty}
cp setup/bundle/start.sh "$top/libexec/"
ln -s ../../libexec/start.sh "$top/openmpi/libexec/start.sh"
# shellcheck disable=SC2016 # the programs expand variables
print_all='echo "$0 $*"; env'
for name in train-r3d run-ranks; do
	ln -s ../libexec/start.sh "$top/bin/$name"
	printf '#!/bin/sh\n%s\n' "$print_all" >"$top/libexec/$name"
done
for name in mpirun orted; do
	ln -s ../libexec/start.sh "$top/openmpi/bin/$name"
	printf '#!/bin/sh\n%s\n' "$print_all" >"$top/openmpi/libexec/$name"
done
chmod +x "$top"/libexec/* "$top"/openmpi/libexec/*
: >"$work/site/libmpi.so.40"
ln -s "$top/bin" "$work/link"

run() { env -i PATH=/usr/bin:/bin "$@" >"$work/out"; }
has() { grep -qxF "$1" "$work/out" || { echo "line ${BASH_LINENO[0]}: no line '$1' in:" && cat "$work/out" && exit 1; }; }
lacks() { ! grep -q "^$1" "$work/out" || { echo "line ${BASH_LINENO[0]}: a line '$1...' in:" && cat "$work/out" && exit 1; }; }

run "$work/link/train-r3d" --lr '0.1 x'
has "$top/libexec/train-r3d --lr 0.1 x"
has "OPAL_PREFIX=$top/openmpi"
has 'PATH=/usr/bin:/bin'
run "$top/bin/run-ranks" mpirun
has "PATH=$top/openmpi/bin:/usr/bin:/bin"
run "$top/openmpi/bin/mpirun" -n 2
has "$top/openmpi/libexec/mpirun -n 2"
run "$top/openmpi/bin/orted"
has "OPAL_PKGLIBDIR=$top/openmpi/lib/openmpi3"

# The site's Open MPI takes the place of the bundle's, unless that is asked for.
run LD_LIBRARY_PATH="$work/empty::$work/site" "$top/bin/run-ranks"
lacks OPAL_
lacks PMIX_
has 'PATH=/usr/bin:/bin'
run LD_LIBRARY_PATH="$work/empty" "$top/bin/run-ranks"
has "OPAL_PREFIX=$top/openmpi"
# mpirun of the bundle names the bundle's own libraries to orted on another node: they are not the site's.
mkdir "$top/openmpi/lib"
: >"$top/openmpi/lib/libmpi.so.40"
run LD_LIBRARY_PATH="$top/openmpi/lib" "$top/openmpi/bin/orted"
has "OPAL_PREFIX=$top/openmpi"
run LD_LIBRARY_PATH="$top/openmpi/lib:$work/site" "$top/bin/run-ranks"
lacks OPAL_
run REEL3D_MPI=own LD_LIBRARY_PATH="$work/site" "$top/bin/run-ranks"
has "OPAL_PREFIX=$top/openmpi"
echo "start.sh finds its programs, and the MPI to use"
