#!/usr/bin/env bash
# Draws the top of a run's report, for README.md: docs/draw_report.sh run/demo/report.html docs/report.png
# It needs chromium, which nothing else of reel3d does.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=0.75 \
	--window-size=1200,900 --screenshot="$(realpath "$2")" "file://$(realpath "$1")"
