#!/usr/bin/env bash
# Installs what reel3d is built from: Debian packages, and LibTorch out of its Python wheel.
#
#   setup/install.sh [--tests] [--tidy] [--bench] [--bench-torch] [--docs] [--slurm] [--cuda]
#                    [--python] [--bundle] [--no-libtorch]
#
#   --tests        the packages of the tests, too: a browser among them (370 MB)
#   --tidy         clang-tidy (150 MB)
#   --bench        what bench/ compares with: ffmpeg, and Python loaders (1.4 GB)
#   --bench-torch  Python's torch, which the networks are compared with (5 GB)
#   --docs         mkdocs, which builds the pages of docs/ into a site
#   --slurm        Slurm, for the tests that submit jobs
#   --cuda         NVIDIA's libraries, too (2.7 GB), to build with -DREEL3D_CUDA=ON
#   --python       what builds and tests the Python package
#   --bundle       what packs the tools into an archive for other machines
#   --no-libtorch  Debian packages only: you have a LibTorch of your own (and its CUDA, if any)
#
# Run it again at any time: what is there is not fetched again. LibTorch goes to build/libtorch.
# Exit status 4: something is missing that only an administrator can install; it is printed.
set -euo pipefail
cd "$(dirname "$0")/.."

sections=(build)
libtorch=yes
tests=no
bench=no
bench_torch=no
tidy=no
docs=no
cuda=no
python=no
for argument in "$@"; do
	case $argument in
	--tests)
		sections+=(test)
		tests=yes
		;;
	--bench)
		sections+=(bench)
		bench=yes
		;;
	--tidy) tidy=yes ;;
	--docs) docs=yes ;;
	--bench-torch) bench_torch=yes ;;
	--slurm) sections+=(slurm) ;;
	--cuda) cuda=yes ;;
	--python)
		sections+=(python)
		python=yes
		;;
	--bundle) sections+=(bundle) ;;
	--no-libtorch) libtorch=no ;;
	*)
		sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
done

lists=()
if [ $libtorch = yes ]; then
	lists=(setup/libtorch-cpu.txt)
	[ $cuda = no ] || lists+=(setup/libtorch-cuda.txt)
fi

say() { echo "setup: $*" >&2; }

# Prints the packages of the wanted sections that are not installed, one a line.
missing_packages() {
	local line section='' package
	while read -r line; do
		case $line in
		'' | '#'*) ;;
		'['*']') section=${line:1:-1} ;;
		*)
			if [[ " ${sections[*]} " == *" $section "* ]]; then
				package=$line
				[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
			fi
			;;
		esac
	done <setup/debian-packages.txt
}

install_packages() {
	local missing root=()
	mapfile -t missing < <(missing_packages)
	((${#missing[@]} > 0)) || return 0
	if [ "$(id -u)" != 0 ]; then
		root=(sudo -n)
		if ! command -v apt-get >/dev/null || ! sudo -n true 2>/dev/null; then
			say "these packages are missing, and this account may not install them:"
			printf '  %s\n' "${missing[@]}" >&2
			say "ask an administrator for: apt-get install --no-install-recommends ${missing[*]}"
			exit 4
		fi
	fi
	say "installing ${#missing[@]} packages: ${missing[*]}"
	if ! { "${root[@]}" apt-get -q update &&
		"${root[@]}" env DEBIAN_FRONTEND=noninteractive \
			apt-get -q -y install --no-install-recommends "${missing[@]}"; }; then
		say "apt-get could not install: ${missing[*]}"
		exit 4
	fi
}

# install_wheels FOLDER LIST... unpacks the wheels of each LIST into FOLDER, a virtual environment. Each
# installed list is recorded there, so that an interrupted or older installation is completed.
install_wheels() {
	local list venv=$1 done_file python=/usr/bin/python3
	shift
	# The wheels are for Debian's own Python, whatever else is first in PATH.
	[ -x $python ] || python=python3
	for list in "$@"; do
		done_file=$venv/$(basename "$list").done
		if cmp -s "$list" "$done_file"; then
			continue
		fi
		say "installing $list into $venv"
		[ -x "$venv/bin/pip" ] || $python -m venv --clear "$venv" || {
			say "$python cannot make $venv: is python3-venv installed?"
			exit 4
		}
		"$venv/bin/pip" install --disable-pip-version-check --quiet "${pip_options[@]}" -r "$list" || {
			say "pip could not install $list: is a package index within reach (PIP_INDEX_URL), the disk full?"
			exit 4
		}
		cp "$list" "$done_file"
	done
}

install_packages
pip_options=(--no-deps --require-hashes)
install_wheels build/libtorch "${lists[@]}"
[ $tests = no ] || install_wheels build/axe tests/report/requirements.txt
[ $tidy = no ] || install_wheels build/clang-tidy tests/lint/requirements.txt
[ $docs = no ] || install_wheels build/docs-python docs/requirements.txt
pip_options=() # these packages are not part of reel3d, so they need no hashes
[ $bench = no ] || install_wheels build/bench-python bench/requirements.txt
[ $bench_torch = no ] || install_wheels build/bench-torch bench/torch-requirements.txt
[ $python = no ] || install_wheels build/python-tools python/requirements.txt
