#!/usr/bin/env python3
"""Checks README.md, CONTRIBUTING.md and docs/ against each other, the tools and the sources.

Usage: tests/docs/check_pages.py links SOURCE_FOLDER      every relative link and anchor leads somewhere
       tests/docs/check_pages.py options SOURCE_FOLDER    every option and setting that a page names exists
       tests/docs/check_pages.py messages SOURCE_FOLDER   every message of docs/reference/messages stands in the sources
The options are those of docs/reference/tools, which the test docs/reference compares with --help.
SPDX-License-Identifier: Apache-2.0
"""

import pathlib
import re
import sys

import script_messages

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LANGUAGES = ("sh", "text", "ini", "python", "cpp", "c++", "cmake")
CODE = re.compile(r"`([^`\n]+)`")
OPTION = re.compile(r"(?<![\w-])--([a-z][a-z0-9-]+)(?!\w)")
# Options that pages name without their program (sbatch, mpirun), and `name`, which stands for any option.
FOREIGN = ("qos", "time", "array", "mca", "name", "signal")
# Other programs' commands. Their options are not checked.
OTHERS = ("make", "apptainer", "mpirun", "srun", "sbatch", "scancel", "squeue", "cmake", "ctest", "taskset", "tensorboard", "pip", "python3",
          "parallel", "hq")
OTHERS_WORD = re.compile(rf"\b(?:{'|'.join(OTHERS)}|[\w./-]+\.(?:py|sh)|main\.py|dpkg|apt-get)\b")


def pages(root):
    return [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").rglob("*.md"))]


def read(file):
    return file.read_text(encoding="utf-8")


# --- links ------------------------------------------------------------------------------------------


def anchors(text):
    """Returns the anchors that sites such as GitHub give to the headings."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower().strip()).replace(" ", "-") for heading in headings}


def broken_links(root):
    count = 0
    docs = (root / "docs").resolve()
    for file in pages(root):
        for target in LINK.findall(FENCE.sub("", read(file))):
            count += 1
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            leads_to = (file.parent / path).resolve() if path else file.resolve()
            if not leads_to.exists():
                yield f"{file.relative_to(root)}: {target} leads to no file"
            elif anchor and anchor not in anchors(read(leads_to)):
                yield f"{file.relative_to(root)}: {target} leads to no heading"
            elif docs in file.resolve().parents and docs not in leads_to.parents:
                yield f"{file.relative_to(root)}: {target} leaves docs/, so the site cannot follow: name the file instead"
    print(f"{count} links")
    if count == 0:
        yield "no links found"
    yield from wrong_form(root)
    yield from missing_in_indexes(root)


def wrong_form(root):
    """Yields blocks without a language, and lists that the site would show as one paragraph."""
    for file in pages(root):
        text = read(file)
        for number, fence in enumerate(re.findall(r"^ *```(.*)$", text, re.MULTILINE)):
            if number % 2 == 0 and fence not in LANGUAGES:
                yield f"{file.relative_to(root)}: a block of '{fence}' is none of {LANGUAGES}"
        for before, item in re.findall(r"^(.+)\n([*-] .*)$", FENCE.sub("", text), re.MULTILINE):
            if not re.match(r"[*-] | |#", before):
                yield f"{file.relative_to(root)}: no blank line before the list at: {item}"


def missing_in_indexes(root):
    """Yields pages that are missing in mkdocs.yml or in docs/index.md. Pages of a tool may be in docs/reference/tools.md
    instead, those of messages in docs/reference/messages.md."""
    nav = re.findall(r": ([\w/-]+\.md)$", read(root / "mkdocs.yml"), re.MULTILINE)
    linked = {
        (root / "docs" / folder / target.partition("#")[0]).resolve()
        for folder, index in (("", "index.md"), ("reference", "reference/tools.md"), ("reference", "reference/messages.md"))
        for target in LINK.findall(read(root / "docs" / index))
    }
    for file in sorted((root / "docs").rglob("*.md")):
        name = file.relative_to(root / "docs").as_posix()
        if name not in nav:
            yield f"docs/{name}: is not in nav of mkdocs.yml"
        if file.resolve() not in linked and name != "index.md":
            yield f"docs/{name}: docs/index.md does not lead there"


# --- options ----------------------------------------------------------------------------------------


def known_options(root):
    """Returns the options of each tool. Tools of bench/ have no page, so their own options are read in their sources."""
    tools = {
        page.stem: set(re.findall(r"^\* \*\*`--([a-z0-9-]+)", read(page), re.MULTILINE))
        for page in sorted((root / "docs/reference/tools").glob("*.md"))
    }
    every = set().union(*tools.values())
    for source in sorted((root / "bench").glob("*.cc")):
        own = set(re.findall(r'binder\.\w+\(\s*"([a-z0-9-]+)"', read(source)))
        if own:
            tools[source.stem.replace("_", "-")] = own | every
    return tools


def commands(text):
    """Yields the code of a page: each command of a block, with joined lines, and each inline code."""
    for block in FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines()[1:-1]:
            yield from re.split(r"[;|]|&&|(?:^|\s)#", line)
    for code in CODE.findall(FENCE.sub("", text)):
        yield code


def unknown_in(command, tools):
    """Yields faults of a command. An option belongs to the nearest program before it. An option without a program
    may belong to any tool."""
    every = set().union(*tools.values())
    program = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, tools))})(?![\w-])|{OTHERS_WORD.pattern}")
    for option in OPTION.finditer(command):
        before = [found for found in program.finditer(command, 0, option.start())]
        if not before:
            if option[1] not in every:
                yield f"no tool has --{option[1]}"
        elif before[-1][1] and option[1] not in tools[before[-1][1]]:
            yield f"{before[-1][1]} has no --{option[1]}"
    setting = re.fullmatch(r"\s*([a-z][a-z0-9]*(?:-[a-z0-9]+)+) = .*", command)
    if setting and setting[1] not in every:
        yield f"no tool has the setting {setting[1]}"


def wrong_options(root):
    tools = known_options(root)
    if not tools or not all(tools.values()):
        yield "docs/reference/tools: a page without options"
        return
    count = 0
    for file in pages(root):
        for command in commands(read(file)):
            count += len(OPTION.findall(command))
            for fault in unknown_in(command, tools):
                if fault.split("--")[-1] not in FOREIGN:
                    yield f"{file.relative_to(root)}: {fault}: {command.strip()}"
    print(f"{count} mentions of options")


# --- messages ---------------------------------------------------------------------------------------


def message_rows(root):
    """Returns each message of the pages as (file, parts): the parts of its text that stay the same, in order."""
    rows = []
    for file in sorted((root / "docs/reference/messages").glob("*.md")):
        for line in read(file).splitlines():
            if line.startswith("| `"):
                for code in re.findall(r"`([^`]+)`", line.split(" | ")[0]):
                    parts = re.split(r"\s*\.\.\.\s*", code.replace("\\|", "|"))
                    rows.append((file.relative_to(root), [part for part in parts if part]))
    return rows


def source_text(root):
    """Returns the sources, with adjacent string literals joined as the compiler joins them, and the texts of scripts."""
    folders = ("lib", "pipeline", "tools", "python/src")
    text = "\n".join(read(file) for folder in folders for end in ("*.cc", "*.h") for file in sorted((root / folder).rglob(end)))
    said = (piece for _, pieces in script_messages.messages_of(root) for piece in pieces)
    return "\n".join([re.sub(r'"\s*\n\s*"', "", text), *said])


def unknown_messages(root):
    text = source_text(root)
    rows = message_rows(root)
    print(f"{len(rows)} messages")
    if len(rows) < 500:
        yield f"docs/reference/messages has {len(rows)} messages: is a page missing?"
    for file, parts in rows:
        for part in parts:
            if part not in text:
                yield f"{file}: '{part}' stands in no source"


CHECKS = {"links": broken_links, "options": wrong_options, "messages": unknown_messages}


def main(arguments):
    if len(arguments) != 2 or arguments[0] not in CHECKS:
        print(__doc__, file=sys.stderr)
        return 2
    faults = list(CHECKS[arguments[0]](pathlib.Path(arguments[1])))
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
