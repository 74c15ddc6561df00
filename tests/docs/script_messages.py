"""Collects the errors and warnings of shell scripts, Makefile.workflow, cmake/ and the Python package.

SPDX-License-Identifier: Apache-2.0
"""

import ast
import pathlib
import re

# The functions of the scripts that end them with a text, or say it before they end. `say` of setup/ also reports progress.
SHELL = re.compile(r"""(?:\bdie\s+\d+|\bfail|\bqueue_again\s[^"]*"[^"]*"\s+"[^"]*"|\bsay)\s+("(?:[^"\\]|\\.|\$\("[^"]*"\))*"|'[^']*')""")
# What is written to stderr, and the notes of the submission.
ECHO = re.compile(r"""\b(?:echo|printf)\s+(?=[^\n]*(?:>&2|"note:))((?:"(?:[^"\\]|\\.)*"\S*|'[^']*'|[^"\n;])*)""")
# What scripts of slurm/ print or write to a file: end.txt and the records of failures have no other texts.
PRINTED = re.compile(r"""\b(?:echo|printf)\s+(?=["'])""")
MAKE = re.compile(r"\$\((?:error|warning)\s")
WORDS = re.compile(r"[A-Za-z]{3,}\W+[A-Za-z-]{2,}|[A-Za-z-]{2,}\W+[A-Za-z]{3,}")


def line_of(text, index):
    return text.count("\n", 0, index) + 1


def without_substitutions(text):
    """Replaces $NAME, ${...}, $(...) and $((...)) by NUL."""
    kept, index = [], 0
    while index < len(text):
        if text[index] == "$" and text[index + 1 : index + 2] in ("(", "{"):
            index = closing(text, index + 1) + 1
            kept.append("\0")
        elif re.match(r"\$\$?\w+|\$[@*]", text[index:]):
            index += re.match(r"\$\$?\w+|\$[@*]", text[index:]).end()
            kept.append("\0")
        else:
            kept.append(text[index])
            index += 1
    return "".join(kept)


def closing(text, start):
    """Returns the index of the bracket that closes the one at `start`."""
    depth = 0
    for index in range(start, len(text)):
        depth += text[index] in "({"
        depth -= text[index] in ")}"
        if depth == 0:
            return index
    return len(text) - 1


def pieces_of(text):
    return tuple(piece for piece in without_substitutions(text).split("\0") if piece)


def in_shell(text):
    for pattern in (SHELL, ECHO):
        for match in pattern.finditer(text):
            if text[text.rfind("\n", 0, match.start()) + 1 :].lstrip().startswith("#"):
                continue
            said = re.sub("^'|'$|\"", "", match[1]).split(">&2")[0].strip()
            if not said.startswith("usage:"):
                yield line_of(text, match.start()), pieces_of(said)


def end_of_quoted(text, start):
    """Returns the index of the quote that closes the one at `start`. A string may hold $(...), which may hold strings."""
    index = start + 1
    while index < len(text) and text[index] != text[start]:
        if text[start] == '"' and text.startswith("$(", index):
            depth = 0
            while index < len(text):
                if text[index] in "\"'":
                    index = end_of_quoted(text, index)
                depth += (text[index] == "(") - (text[index] == ")")
                if depth == 0 and text[index] == ")":
                    break
                index += 1
        index += 2 if text[index : index + 1] == "\\" else 1
    return index


def in_slurm(text):
    """Yields all that the script prints or writes, each once."""
    found = dict.fromkeys(in_shell(text))
    for match in PRINTED.finditer(text):
        if not text[text.rfind("\n", 0, match.start()) + 1 :].lstrip().startswith("#"):
            said = text[match.end() + 1 : end_of_quoted(text, match.end())]
            found[line_of(text, match.start()), pieces_of(said.replace("\\n", "\0").replace("%s", "\0"))] = None
    yield from found


def in_makefile(text):
    for match in MAKE.finditer(text):
        end = closing(text, match.start() + 1)
        said = text[match.end() : end].replace("$(comma)", ",")
        yield line_of(text, match.start()), pieces_of(re.sub(r"\\\n\s*", "", said))
    for line, pieces in in_shell(text):
        yield line, pieces


def in_cmake(text):
    for match in re.finditer(r'message\((?:FATAL_ERROR|WARNING)\s+("(?:[^"\\]|\\.)*"(?:\s+"(?:[^"\\]|\\.)*")*)', text):
        yield line_of(text, match.start()), pieces_of(re.sub(r'"\s+"', "", match[1]).strip('"').replace("\\n", "\0"))


def in_python(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            constants = [part.value for part in ast.walk(node.exc) if isinstance(part, ast.Constant)]
            yield node.lineno, tuple(str(constant) for constant in constants)


def messages_of(root):
    """Yields each message as (place, pieces)."""
    kinds = (("slurm/*.sh", in_slurm), ("slurm/*.sbatch", in_slurm), ("setup/**/*.sh", in_shell),
             ("configs/*.sh", in_shell), ("cmake/*.cmake", in_cmake), ("Makefile.workflow", in_makefile), ("python/reel3d/*.py", in_python))
    for pattern, read in kinds:
        for file in sorted(pathlib.Path(root).glob(pattern)):
            for line, pieces in read(file.read_text(encoding="utf-8")):
                if WORDS.search("\0".join(pieces)):
                    yield f"{file.relative_to(root).as_posix()}:{line}", pieces
