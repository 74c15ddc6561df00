#!/usr/bin/env python3
"""Checks that only a network family's own source files name the family.

Usage: tests/lint/families.py SOURCE_FOLDER
A file names a family of lib/weights/family_list.h if a string contains its name as a word, or if an
identifier contains it (kI3d, MakeI3d). Comments do not count. A family's own files are its two halves
(its row in lib/weights/families and its network in lib/model/families) and plans (NAME_plan.h). So a
new family needs only two files and one line.
Prints one line a violation and ends with 1 if there is any.
"""

import pathlib
import re
import sys

LIST = "lib/weights/family_list.h"
FOLDERS = ("lib/weights/families", "lib/model/families")
MOST_OTHER_FILES = 0
MOST_OWN_FILES = 3  # the two halves, and a plan that they share

# Words that mean something else in a file, with the reason.
OTHER_MEANINGS = {("lib/video/box_file_end.cc", "wide"): "a box of MP4 files"}

# The tool train-r3d is not the family r3d.
TOOL = re.compile(r"train[-_]?r3d", re.IGNORECASE)
TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|(?P<text>"(?:[^"\\\n]|\\.)*")|\'(?:[^\'\\\n]|\\.)\'|(?P<identifier>[A-Za-z_]\w*)',
    re.DOTALL,
)
INCLUDE = re.compile(r"^\s*#\s*include[^\n]*", re.MULTILINE)
WORDS_OF_TEXT = re.compile(r"[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*")
WORDS_OF_IDENTIFIER = re.compile(r"[A-Z]+[a-z0-9]*|[a-z0-9]+")


def keys_of_identifier(identifier):
    """MakeDenseNet -> make, dense, net, makedense, densenet, makedensenet."""
    words = [word.lower() for word in WORDS_OF_IDENTIFIER.findall(identifier)]
    return {
        "".join(words[begin:end])
        for begin in range(len(words))
        for end in range(begin + 1, len(words) + 1)
    }


def keys_in(source):
    """Returns the words of strings, and the keys of identifiers."""
    strings, identifiers = set(), set()
    source = INCLUDE.sub("", TOOL.sub("", source))
    for token in TOKEN.finditer(source):
        if token.group("text"):
            strings |= set(WORDS_OF_TEXT.findall(token.group("text")))
        elif token.group("identifier"):
            identifiers |= keys_of_identifier(token.group("identifier"))
    return strings, identifiers


def own_files(sources, tag):
    """Returns the files with a half of the family, and these files together with their plans."""
    half = re.compile(r"(RowOf|NetworkOf)<family::" + tag + ">")
    halves = [path for path in sources if path.startswith(FOLDERS) and half.search(sources[path])]
    stems = {pathlib.Path(path).stem for path in halves}
    plans = [f"{folder}/{stem}_plan.h" for folder in FOLDERS for stem in stems]
    return halves, halves + [plan for plan in plans if plan in sources]


def check_family(sources, keys, tag):
    halves, own = own_files(sources, tag)
    if [path.rpartition("/")[0] for path in sorted(halves)] != sorted(FOLDERS):
        yield f"{LIST}: {tag} has its halves in {halves or 'no file'}, not one in each of {FOLDERS}"
    if len(own) > MOST_OWN_FILES:
        yield f"{LIST}: {tag} has {len(own)} files of its own, more than {MOST_OWN_FILES}: {own}"
    key = tag.lower()
    names = {word for path in own for word in keys[path][0] if re.sub("[-_]", "", word) == key}
    if len(names) != 1:
        yield f"{LIST}: {tag} should be its name on the command line without - and _; its own files hold {names or 'no such string'}"
    # A name without digits, such as "wide", may occur in other identifiers, as an English word.
    in_identifiers = any(letter.isdigit() for letter in key) or key in ("densenet", "resnext")
    others = [
        path
        for path, (strings, identifiers) in sorted(keys.items())
        if path != LIST
        and path not in own
        and (path, key) not in OTHER_MEANINGS
        and (names & strings or (in_identifiers and key in identifiers))
    ]
    if len(others) > MOST_OTHER_FILES:
        yield f"{tag}: named outside its own files, in {', '.join(others)}"


def main():
    root = pathlib.Path(sys.argv[1])
    sources = {
        str(file.relative_to(root)): file.read_text(encoding="utf-8")
        for folder in ("lib", "pipeline", "tools")
        for file in (root / folder).rglob("*")
        if file.suffix in (".h", ".cc") or file.name == "CMakeLists.txt"
    }
    tags = re.findall(r"^\s*struct (\w+)[,>]", sources.get(LIST, ""), re.MULTILINE)
    keys = {path: keys_in(source) for path, source in sources.items()}
    problems = [problem for tag in tags for problem in check_family(sources, keys, tag)]
    if not tags:
        problems.append(f"{LIST}: lists no families")
    print("\n".join(problems) or f"{len(tags)} families, each named in its own files alone")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
