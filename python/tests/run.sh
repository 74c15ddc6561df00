#!/usr/bin/env bash
# run.sh: tests the installed Python package, which make -f Makefile.workflow python-wheel builds.
# REEL3D_WHEEL_PYTHON=PYTHON: takes this Python, with the wheel and pytest. With torch and torchvision it runs more tests.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=$(realpath -ms "${REEL3D_WHEEL_PYTHON:-build/python-tools/bin/python}")
if ! [ -x "$python" ] || ! [ -x build/python/bin/list_batches ] || ! ls build/wheels/reel3d-*.whl >/dev/null 2>&1; then
	echo "skipped: no Python package here (make -f Makefile.workflow python-wheel)"
	exit 77
fi
if [ -n "$(find lib python/src python/reel3d -type f -newer build/python/bin/list_batches \
	-newer "$(ls build/wheels/reel3d-*.whl)" ! -name '*.pyc' -print -quit)" ]; then
	echo "skipped: the Python package is older than its sources (make -f Makefile.workflow python-wheel)"
	exit 77
fi
cd python/tests
REEL3D_LIST_BATCHES=$OLDPWD/build/python/bin/list_batches exec "$python" -m pytest -q -p no:cacheprovider .
