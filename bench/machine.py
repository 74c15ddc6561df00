"""Which machine a figure is from, and how figures are kept."""

import datetime
import json
import os
import platform
import statistics
import subprocess


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        fields = [line.split(":", 1) for line in info if ":" in line]
    cpu = {key.strip(): value.strip() for key, value in fields}
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": f"{cpu['model name']} (family {cpu['cpu family']}, model {cpu['model']})",
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "commit": subprocess.run(
            ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
        ).stdout.strip(),
    }


def write_json(path, part, figures):
    """Adds `part` to the figures in `path`."""
    results = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            results = json.load(file)
    results["machine"] = machine()
    results[part] = figures
    with open(path, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
        file.write("\n")


def median(values):
    return round(statistics.median(values), 4)
