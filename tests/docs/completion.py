#!/usr/bin/env python3
"""Completes command lines with the files that `cmake --install` installs for a shell, and compares with --help.

Usage: tests/docs/completion.py bash|zsh BUILD_DIR          installs BUILD_DIR into a temporary folder
       tests/docs/completion.py bash|zsh BIN_DIR SHARE_DIR  uses what is installed in SHARE_DIR
Exit status 77: the shell is not installed.
SPDX-License-Identifier: Apache-2.0
"""

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

PATIENCE_S = 60
# Makes Tab complete the line, write the result into the file $told, and begin a new line.
ZSH_SETUP = """
PS1= PS2= ; unsetopt zle_bracketed_paste prompt_cr prompt_sp auto_menu list_beep; setopt no_beep
fpath=({functions} $fpath); autoload -Uz compinit; compinit -u -D
tell() {{ zle complete-word; print -r -- "$BUFFER" >>{told}; BUFFER=; }}
zle -N tell; bindkey '^I' tell; print -r -- ready >>{told}
"""
# Prints the completions of the last of the words, which bash has split at = as well.
BASH_CALL = """
source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }
function=$(complete -p -- "$1" | sed 's/.* -F \\([^ ]*\\) .*/\\1/')
"$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"; printf '%s\\n' "${COMPREPLY[@]}"
"""


def options_of(tool):
    """Returns {option: whether it takes a value} of a tool, as --help has them."""
    text = subprocess.run([tool, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {name: bool(value) for name, value in re.findall(r"^  --([\w-]+)( VALUE)?$", text, re.MULTILINE)}


def complete_in_bash(share, words):
    file = share / "bash-completion" / "completions" / words[0]
    done = subprocess.run(
        ["bash", "--norc", "-c", BASH_CALL, "bash", file, *words],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    return done.stdout.split()


def check_bash(tools, share, folder):
    faults = []

    def expect(words, expected):
        found = complete_in_bash(share, words)
        if sorted(found) != sorted(expected):
            faults.append(f"bash: {' '.join(words)}<Tab>: {found}, expected {expected}")

    for tool in tools:
        options = [f"--{name}{'=' if value else ''}" for name, value in options_of(tool).items()]
        expect([tool.name, "--"], options)
    expect(["train-r3d", "--shortcut", "="], ["a", "b"])
    expect(["train-r3d", "--shortcut", "=", "b"], ["b"])
    expect(["train-r3d", "--shortcut", ""], ["a", "b"])
    expect(["inspect-file", "vid"], ["videos.tsv"])
    expect(["inspect-file", "--config", "=", "vid"], ["videos.tsv"])
    return faults


class Zsh:
    """An interactive zsh that completes one line at a time."""

    def __init__(self, share, folder):
        self.told = folder / "told"
        self.told.touch()
        self.num_told = 0
        process, self.terminal = pty.fork()
        if process == 0:
            os.environ.update(TERM="dumb", HOME=str(folder))
            os.execlp("zsh", "zsh", "-f", "-i")
        setup = folder / "setup.zsh"
        setup.write_text(ZSH_SETUP.format(functions=share / "zsh" / "site-functions", told=self.told), encoding="utf-8")
        self.send(f"source {setup}\n")
        self.next_line()

    def send(self, text):
        os.write(self.terminal, text.encode())

    def next_line(self):
        """Returns the next line of the file, and drains the terminal meanwhile, so that zsh never waits."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if select.select([self.terminal], [], [], 0.005)[0]:
                os.read(self.terminal, 65536)
            lines = self.told.read_text(encoding="utf-8").split("\n")
            if len(lines) > self.num_told + 1:
                self.num_told += 1
                return lines[self.num_told - 1]
        return "(no answer)"

    def complete(self, line):
        self.send(line + "\t")
        return self.next_line()


def check_zsh(tools, share, folder):
    faults = []
    zsh = Zsh(share, folder)

    def expect(line, expected):
        found = zsh.complete(line)
        if found.rstrip() != expected:
            faults.append(f"zsh: {line}<Tab>: {found!r}, expected {expected!r}")

    for tool in tools:
        options = options_of(tool)
        for name, value in options.items():
            begun = name[:-1]  # the last letter is to be completed
            if sum(other.startswith(begun) for other in options) == 1:
                expect(f"{tool.name} --{begun}", f"{tool.name} --{name}{'=' if value else ''}")
    expect("train-r3d --shortcut-gradient=f", "train-r3d --shortcut-gradient=flow")
    expect("inspect-file vid", "inspect-file videos.tsv")
    expect("inspect-file --config=vid", "inspect-file --config=videos.tsv")
    return faults


def main(arguments):
    if len(arguments) not in (2, 3) or arguments[0] not in ("bash", "zsh"):
        print(__doc__, file=sys.stderr)
        return 2
    shell = arguments[0]
    if not shutil.which(shell):
        print(f"skipped: {shell} is not installed (setup/install.sh --tests)")
        return 77
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if len(arguments) == 3:
            bin_dir, share = (pathlib.Path(argument).resolve() for argument in arguments[1:])
        else:
            subprocess.run(["cmake", "--install", arguments[1], "--prefix", folder / "usr"], stdout=subprocess.DEVNULL, check=True)
            bin_dir, share = folder / "usr/bin", folder / "usr/share"
        work = folder / "work"
        work.mkdir()
        (work / "videos.tsv").touch()
        os.chdir(work)
        tools = [bin_dir / file.name for file in sorted((share / "bash-completion" / "completions").iterdir())]
        faults = (check_bash if shell == "bash" else check_zsh)(tools, share, folder)
    print("\n".join(faults) or f"{shell} completes {len(tools)} tools")
    return 1 if faults or not tools else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
