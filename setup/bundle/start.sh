#!/bin/sh
# Starts the program that this link is named after. bin/ and openmpi/bin/ of a bundle have a link to this
# file for each program; the programs themselves are in libexec/ and openmpi/libexec/.
#
# MPI: if LD_LIBRARY_PATH has a folder with libmpi.so.40, as after `module load openmpi`, that one is used,
# with the mpirun in PATH. Otherwise the bundle's own Open MPI is used. REEL3D_MPI=own always uses that one.
name=${0##*/}
top=$(dirname "$(dirname "$(readlink -f "$0")")")

site_mpi() {
	[ "${REEL3D_MPI:-}" != own ] || return 1
	rest=${LD_LIBRARY_PATH:-}:
	while [ -n "$rest" ]; do
		folder=${rest%%:*}
		rest=${rest#*:}
		# mpirun of this bundle puts its own folder there when it starts orted on another node.
		[ -z "$folder" ] || [ ! -e "$folder/libmpi.so.40" ] || [ "$(readlink -f "$folder")" = "$top/openmpi/lib" ] || return 0
	done
	return 1
}

if ! site_mpi; then
	mpi=$top/openmpi
	# Open MPI has the places of its build inside; these variables replace each of them.
	export OPAL_PREFIX="$mpi" OPAL_BINDIR="$mpi/bin" OPAL_LIBDIR="$mpi/lib" OPAL_PKGLIBDIR="$mpi/lib/openmpi3" \
		OPAL_DATADIR="$mpi/share" OPAL_PKGDATADIR="$mpi/share/openmpi" OPAL_SYSCONFDIR="$mpi/etc" \
		PMIX_PREFIX="$mpi" PMIX_LIBDIR="$mpi/lib" PMIX_PKGLIBDIR="$mpi/lib/pmix" PMIX_DATADIR="$mpi/share" \
		PMIX_PKGDATADIR="$mpi/share/pmix" PMIX_SYSCONFDIR="$mpi/etc"
	# mpirun of Open MPI 4.1 ends at once where there is no ssh, although ranks of one machine need none.
	command -v ssh >/dev/null || command -v rsh >/dev/null ||
		export OMPI_MCA_plm_rsh_agent="${OMPI_MCA_plm_rsh_agent:-false}"
	# Only this program starts mpirun.
	[ "$name" != run-ranks ] || export PATH="$mpi/bin:$PATH"
fi
[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_FILE="${FONTCONFIG_FILE:-$top/fonts/fonts.conf}"

case $name in
mpirun | orted) exec "$top/openmpi/libexec/$name" "$@" ;;
*) exec "$top/libexec/$name" "$@" ;;
esac
