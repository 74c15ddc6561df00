#!/usr/bin/env bash
# make.sh BIN OUT_DIR: packs the tools in BIN, and every library that they need, into the archive
# OUT_DIR/reel3d-VERSION-linux-x86_64.tar.gz. It runs on nodes without network, Python and our packages:
# docs/howto/bundle.md.
#
# Not in the archive are the libraries of glibc and of the GPU's driver, which belong to the machine.
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=$1 out=$2

say() { echo "bundle: $*" >&2; }
fail() {
	say "$*"
	exit 4
}

for program in patchelf ldd dpkg-query; do
	command -v "$program" >/dev/null || fail "there is no $program: setup/install.sh --bundle installs what a bundle is made with"
done
[ -x "$bin/train-r3d" ] || fail "$bin has no train-r3d: build the tools first (make -f Makefile.workflow build)"

version=$("$bin/inspect-file" --version | awk 'NR == 1 {print $NF}')
name=reel3d-$version-linux-$(uname -m)
mkdir -p "$out"
work=$(mktemp -d "$out/.bundle-XXXXXX")
trap 'rm -rf "$work"' EXIT
top=$work/$name
mpi=$top/openmpi
mkdir -p "$top"/{bin,lib,libexec,fonts,licences,setup,build} "$top/modulefiles/reel3d" "$mpi"/{bin,lib,libexec,share,etc}

# The places of the Open MPI that the tools were built with.
mpi_place() { ompi_info --path "$1" --parsable | sed -n "s/^path:$1://p"; }
mpi_plugins=$(mpi_place pkglibdir)
[ -d "$mpi_plugins" ] || fail "ompi_info names no folder of plugins: the tools must be built with Open MPI"
pmix=$(/sbin/ldconfig -p | awk '/libpmix.so.2 /{found = $NF} END {print found}')
[ -e "$pmix" ] || fail "/sbin/ldconfig knows no libpmix.so.2, which Open MPI loads"
pmix_lib=$(dirname "$(readlink -f "$pmix")")

# --- what goes where ---------------------------------------------------------------------------------

# tools/NAME.cc is the program NAME; BIN may hold other files, too.
tools=()
for source in tools/*.cc; do
	tool=$(basename "$source" .cc)
	tool=${tool//_/-}
	[ -f "$bin/$tool" ] || fail "$bin has no $tool: build all tools first (make -f Makefile.workflow build)"
	tools+=("$bin/$tool")
	cp "$bin/$tool" "$top/libexec/"
	ln -s ../libexec/start.sh "$top/bin/$tool"
done
cp setup/bundle/start.sh "$top/libexec/start.sh"
chmod 755 "$top/libexec/start.sh"
for program in mpirun orted; do
	cp "$(readlink -f "$(mpi_place bindir)/$([ $program = mpirun ] && echo orterun || echo orted)")" "$mpi/libexec/$program"
	ln -s ../libexec/start.sh "$mpi/bin/$program"
done
ln -s ../../libexec/start.sh "$mpi/libexec/start.sh"
cp -r "$mpi_plugins" "$mpi/lib/openmpi3"
rm -f "$mpi/lib/openmpi3"/*.la
cp -r "$pmix_lib/pmix" "$mpi/lib/pmix"
cp -r "$(mpi_place pkgdatadir)" "$mpi/share/openmpi"
# Settings of this machine's administrator do not belong to other machines.
# These are Debian's own: shared memory and TCP, without the plugins for other networks.
printf '%s\n' 'btl_base_warn_component_unused = 0' 'mtl = ^ofi' 'btl = ^uct,openib,ofi' 'pml = ^ucx' \
	'osc = ^ucx,pt2pt' >"$mpi/etc/openmpi-mca-params.conf"
: >"$mpi/etc/openmpi-default-hostfile"
: >"$mpi/etc/pmix-mca-params.conf"
cp -r "$(dirname "$pmix_lib")/share/pmix" "$mpi/share/pmix"

# libraries_of FILE... prints the libraries that these need, each with its place on this machine.
libraries_of() {
	local found
	found=$(ldd "$@" 2>/dev/null) || true
	if grep -q 'not found' <<<"$found"; then
		fail "libraries are missing on this machine: $(grep 'not found' <<<"$found" | awk '{print $1}' | sort -u | paste -sd' ')"
	fi
	awk '$2 == "=>" && $3 ~ /^\// {print $3}' <<<"$found" | sort -u
}

# Libraries that belong to the machine: those of glibc, and of the GPU's driver.
of_the_machine='^(ld-linux.*|lib(c|m|mvec|dl|rt|pthread|resolv|util|anl|nsl|nss_.*|thread_db|cuda|nvidia-.*))\.so'

# Plugins of Open MPI for hardware need libraries that this machine may lack. Those plugins are left out.
for plugin in "$mpi/lib/openmpi3"/*.so "$mpi/lib/pmix"/*.so; do
	! ldd "$plugin" 2>/dev/null | grep -q 'not found' || rm "$plugin"
done

# Not by mapfile < <(...), which hides a failure.
found=$(libraries_of "${tools[@]}" "$mpi"/libexec/{mpirun,orted} "$mpi"/lib/{openmpi3,pmix}/*.so)
mapfile -t libraries <<<"$found"
# With CUDA, libraries load others by name at run time, so all of the wheels go along.
if printf '%s\n' "${libraries[@]}" | grep -q libtorch_cuda; then
	torch=$(dirname "$(printf '%s\n' "${libraries[@]}" | grep -m 1 libtorch_cuda)")
	found=$(find "$torch" "$torch/../../nvidia" -name '*.so*' -type f ! -name '*python*')
	mapfile -t -O "${#libraries[@]}" libraries <<<"$found"
fi

# LibTorch's own libgomp takes the place of the system's, as in a process that has loaded both.
is_of_torch() { [[ $1 == */site-packages/* ]] || [[ $1 != /usr/* && $1 != /lib/* ]]; }
for pass in torch system; do
	for library in "${libraries[@]}"; do
		base=$(basename "$library")
		[[ ! $base =~ $of_the_machine ]] || continue
		if is_of_torch "$library"; then [ $pass = torch ] || continue; else [ $pass = system ] || continue; fi
		folder=$top/lib
		[[ $base =~ ^lib(mpi|oshmem|open-pal|open-rte|mca_common_|pmix|ompi) ]] && folder=$mpi/lib
		[ -e "$folder/$base" ] || cp -L "$library" "$folder/$base"
	done
done

# --- run paths ---------------------------------------------------------------------------------------

# A run path comes after LD_LIBRARY_PATH, so that a site's MPI can take the place of ours.
set_path() { # PATH FILE...
	local path=$1 file
	shift
	for file in "$@"; do
		chmod u+w "$file"
		patchelf --set-rpath "$path" "$file"
	done
}
# shellcheck disable=SC2016 # the loader expands $ORIGIN
{
	for tool in "$top"/libexec/*; do
		[[ $tool == *.sh ]] || set_path '$ORIGIN/../lib:$ORIGIN/../openmpi/lib' "$tool"
	done
	set_path '$ORIGIN/../lib:$ORIGIN/../../lib' "$mpi"/libexec/{mpirun,orted}
	set_path '$ORIGIN:$ORIGIN/../../lib' "$mpi"/lib/*.so*
	set_path '$ORIGIN/..:$ORIGIN/../../../lib' "$mpi"/lib/{openmpi3,pmix}/*.so
	for library in "$top"/lib/*.so*; do
		# LibTorch's libraries look beside themselves already, and are large.
		[[ $(patchelf --print-rpath "$library") =~ ^\$ORIGIN(:|$) ]] || set_path '$ORIGIN' "$library"
	done
}

# --- what is no program ------------------------------------------------------------------------------

other=(configs slurm docs Makefile.workflow LICENSE README.md setup/jobs.sh)
# In sources without a repository of their own, git would list nothing, or files of another repository.
is_repository() { [ "$(git rev-parse --show-toplevel 2>/dev/null)" -ef "$PWD" ]; }
found=$(if is_repository; then git ls-files "${other[@]}"; else find "${other[@]}" -type f; fi)
while read -r file; do
	mkdir -p "$top/$(dirname "$file")"
	cp "$file" "$top/$file"
done <<<"$found"
[ -f "$top/Makefile.workflow" ] || fail "Makefile.workflow is not among the files of this repository"
ln -s ../bin "$top/build/bin" # where Makefile.workflow and slurm/ look for tools
cp setup/bundle/fonts.conf "$top/fonts/"
font=$(find /usr/share/fonts -name DejaVuSans.ttf | sort | head -n 1)
[ -n "$font" ] || fail "there is no DejaVuSans.ttf in /usr/share/fonts: install fonts-dejavu-core"
cp "$font" "$top/fonts/"
cp setup/bundle/modulefile.lua "$top/modulefiles/reel3d/$version.lua"
cp setup/bundle/modulefile.tcl "$top/modulefiles/reel3d/$version"
sed "s/@ARCHIVE@/$name.tar.gz/" setup/bundle/reel3d.def >"$top/reel3d.def"

# Licences: of the Debian package that each library, the font and each header in our programs is from, and
# those that come with LibTorch. Without its licence nothing may be passed on.
add_licence() { # FILE
	local real package
	real=$(readlink -f "$1")
	package=$(dpkg-query -S "$real" 2>/dev/null || dpkg-query -S "${real#/usr}" 2>/dev/null) ||
		fail "$1 is of no Debian package, so its licence is not known"
	package=${package%%:*}
	cp -L "/usr/share/doc/$package/copyright" "$top/licences/$package.txt" || fail "the package $package has no licence"
}
add_torch_licences() { # LIBRARY
	local root found file
	case $1 in
	*/site-packages/*) root=${1%%/site-packages/*}/site-packages ;;
	*) root=$(dirname "$(dirname "$1")") ;; # LibTorch's archive: lib/ and the licences are neighbours
	esac
	[ "$root" != "${torch_root:-}" ] || return 0
	torch_root=$root
	found=$(find -L "$root" -maxdepth 3 -type f \( -iname 'licen[cs]e*' -o -iname 'notice*' \) \( -path '*.dist-info/*' -o ! -path '*/site-packages/*' \) ! -path '*/pip-*' ! -path '*/setuptools-*')
	[ -n "$found" ] || fail "no licence lies beside LibTorch in $root: put its LICENSE there"
	while read -r file; do
		mkdir -p "$top/licences/libtorch/$(dirname "${file#"$root/"}")"
		cp "$file" "$top/licences/libtorch/${file#"$root/"}"
	done <<<"$found"
}
for library in "${libraries[@]}"; do
	[[ ! $(basename "$library") =~ $of_the_machine ]] || continue
	if is_of_torch "$library"; then add_torch_licences "$library"; else add_licence "$library"; fi
done
for file in "$(mpi_place bindir)/orterun" "$pmix" "$font" /usr/include/nlohmann/json.hpp /usr/include/boost/version.hpp; do
	add_licence "$file"
done
cp setup/bundle/licences.md "$top/licences/README.md"

# What the machine must have: the newest version of glibc's symbols that anything here uses.
glibc=$({ find "$top" -type f \( -name '*.so*' -o -path '*/libexec/*' \) -exec readelf -V {} + 2>/dev/null || true; } |
	grep -oE 'GLIBC_2\.[0-9]+' | sort -Vu | tail -n 1)
echo "needs glibc ${glibc#GLIBC_} or newer" >"$top/NEEDS"

# Nothing may point to this machine.
if leftover=$({ find "$top"/{lib,libexec,openmpi} -type f -exec readelf -d {} + 2>/dev/null || true; } |
	grep -E '(RUNPATH|RPATH)' | grep -E '[[]/|:/'); then
	fail "run paths that name this machine: $leftover"
fi

time_of=$(git log -1 --format=%ct 2>/dev/null || echo 0)
tar -C "$work" --mode=u+rwX,go+rX,go-w --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$time_of" -czf "$work/$name.tar.gz" "$name"
mv "$work/$name.tar.gz" "$out/$name.tar.gz"
sed "s/@ARCHIVE@/$name.tar.gz/" setup/bundle/reel3d.def >"$out/reel3d.def"
say "$(find "$top/lib" "$mpi/lib" -name '*.so*' | wc -l) libraries, $(du -sm "$top" | cut -f 1) MB, $(cat "$top/NEEDS")"
echo "bundle       $out/$name.tar.gz ($(du -m "$out/$name.tar.gz" | cut -f 1) MB)"
