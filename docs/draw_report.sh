#!/usr/bin/env bash
# Draws the top of a run's report, for README.md: docs/draw_report.sh run/demo/report.html docs/report.png
# It needs chromium, which nothing else of reel3d does.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
copy=$(mktemp --suffix=.html)
trap 'rm -f "$copy"' EXIT
# A browser scrolls the table of runs sideways. A picture cannot, so its page is wider.
sed 's/max-width:76rem/max-width:92rem/' "$1" >"$copy"
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=0.66 \
	--window-size=1500,940 --screenshot="$(realpath "$2")" "file://$copy"
