"""Describes the machine, measures how busy it is, and writes figures to a JSON file."""

import datetime
import json
import os
import platform
import resource
import statistics
import subprocess
import time


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


def busy_s():
    """Returns the busy seconds of all processors together since boot, without the time of niced processes."""
    with open("/proc/stat", encoding="utf-8") as stat:
        user, _, system, _, _, irq, soft_irq, steal = map(int, stat.readline().split()[1:9])
    return (user + system + irq + soft_irq + steal) / os.sysconf("SC_CLK_TCK")


def others_share(command, environment=None):
    """Runs `command`. Returns its output, and the share of the processors' time that other processes took."""
    def children_s():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    begin, busy, own = time.monotonic(), busy_s(), children_s()
    result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True,
                            env={**os.environ, **(environment or {})})
    others_s = busy_s() - busy - (children_s() - own)
    return result.stdout, others_s / ((time.monotonic() - begin) * os.cpu_count())


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
