#!/usr/bin/env python3
"""Makes the reference pages, man pages and shell completions of the tools from their --help.

Usage: docs/reference/make_reference.py pages BIN_DIR docs/reference/tools     writes NAME.md of each tool
       docs/reference/make_reference.py check BIN_DIR docs/reference/tools     ends with 1 if one is out of date
       docs/reference/make_reference.py install BIN_DIR SHARE_DIR              man1, bash and zsh completion
`check` compares the tools that BIN_DIR holds: a build without torch has fewer of them.
SPDX-License-Identifier: Apache-2.0
"""

import dataclasses
import itertools
import pathlib
import re
import subprocess
import sys
import textwrap

COMMON = ("help", "version", "config", "print-config", "json", "log-level")
ACCEPTS = r"[^()]* \.\. [^()]*|[^()]* \| [^()]*|(?:numbers, )?comma separated"
OPTION_TEXT = re.compile(rf"(?P<help>.*?)(?: \((?P<accepts>{ACCEPTS})\))?(?: \[(?P<default>[^\[\]]*)\])?", re.DOTALL)


@dataclasses.dataclass
class Option:
    name: str
    is_switch: bool
    help: str
    accepts: str
    default: str

    @property
    def choices(self):
        return self.accepts.split(" | ") if " | " in self.accepts else []


@dataclasses.dataclass
class Tool:
    name: str
    version: str
    usage: str
    summary: str
    details: list  # paragraphs of running text, and blocks of indented lines: examples and lists of files
    arguments: list  # (name, help)
    options: list


def tool_names(bin_dir):
    """Returns the names of the tools that have a source in tools/ and are built in `bin_dir`."""
    sources = pathlib.Path(__file__).resolve().parents[2] / "tools"
    names = sorted(source.stem.replace("_", "-") for source in sources.glob("*.cc"))
    return [name for name in names if (bin_dir / name).exists()]


def say(bin_dir, name, option):
    done = subprocess.run([bin_dir / name, option], check=True, capture_output=True, text=True)
    return done.stdout


def parse_option(head, text):
    found = OPTION_TEXT.fullmatch(text)
    return Option(head[2:].split(" ")[0], not head.endswith(" VALUE"), found["help"], found["accepts"] or "", found["default"] or "")


def parts_of(paragraph):
    """Splits a paragraph into its running text and its blocks of indented lines."""
    runs = itertools.groupby(paragraph.split("\n"), lambda line: line.startswith("  "))
    return ["\n".join(lines) for _, lines in runs]


def read_tool(bin_dir, name):
    text = say(bin_dir, name, "--help")
    above, below = text.split("\noptions (defaults in brackets):\n")
    usage, summary, *details = above.strip("\n").split("\n\n")
    operands = [word.removesuffix("...") for word in usage.split("[options]")[1].split()]
    arguments = []
    if operands:
        for line in details.pop().splitlines():
            argument, help_text = line.split(None, 1)
            arguments.append((argument, help_text))
    if [argument for argument, _ in arguments] != operands:
        raise SystemExit(f"{name} --help: the arguments of the usage line and of the list differ")
    options = [parse_option(*option) for option in re.findall(r"^  (--.*)\n {8}(.*)$", below, re.MULTILINE)]
    if len(options) != below.count("\n  --") + below.startswith("  --"):
        raise SystemExit(f"{name} --help: an option has another form than its name, line end, 8 blanks, help")
    version = say(bin_dir, name, "--version").split()[2]
    details = [part for paragraph in details for part in parts_of(paragraph)]
    return Tool(name, version, usage.removeprefix("usage: "), summary, details, arguments, options)


# --- Markdown ---------------------------------------------------------------------------------------


def markdown(text):
    """Escapes `text` so that Markdown shows it unchanged. Words between backticks stay code."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([*\[\]_|\\])", r"\\\1", part).replace("<", "&lt;") for part in parts)


def page_option(option):
    form = f"--{option.name}" + ("" if option.is_switch else " VALUE")
    end = "" if option.help.endswith(".") else "."
    lines = [f"* **`{form}`**: {markdown(option.help)}{end}"]
    facts = []
    if option.accepts:
        facts.append("Values: " + (", ".join(f"`{choice}`" for choice in option.choices) or markdown(option.accepts)) + ".")
    if option.default:
        facts.append("Default: " + (markdown(option.default) if option.is_switch else f"`{option.default}`") + ".")
    return "\n  ".join(lines + ([" ".join(facts)] if facts else []))


def page(tool):
    own = [option for option in tool.options if option.name not in COMMON]
    shared = [option for option in tool.options if option.name in COMMON]
    parts = [
        f"# {tool.name}",
        "<!-- docs/reference/make_reference.py makes this page from --help: change the help, then run it. -->",
        tool.summary,
        f"```text\n{tool.usage}\n```",
    ]
    for paragraph in tool.details:
        parts.append(f"```text\n{textwrap.dedent(paragraph)}\n```" if paragraph.startswith("  ") else markdown(paragraph))
    if tool.arguments:
        parts.append("| argument | |\n|---|---|\n" + "\n".join(f"| `{name}` | {markdown(text)} |" for name, text in tool.arguments))
    if own:
        parts += ["## Options", "\n".join(map(page_option, own))]
    parts += ["## Options of every tool", "\n".join(map(page_option, shared))]
    parts.append("[All tools](../tools.md), [exit statuses](../exit_statuses.md), [messages](../messages.md)")
    return "\n\n".join(parts) + "\n"


# --- man pages --------------------------------------------------------------------------------------


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def man_option(option):
    value = "" if option.is_switch else " \\fIVALUE\\fR"
    facts = [f"({option.accepts})"] if option.accepts else []
    facts += [f"[{option.default}]"] if option.default else []
    return f".TP\n\\fB{roff('--' + option.name)}\\fR{value}\n{roff(' '.join([option.help] + facts))}"


def man_page(tool):
    words = tool.usage.split()[2:]
    lines = [
        f'.TH {tool.name.upper()} 1 "" "reel3d {tool.version}" "reel3d"',
        f".SH NAME\n{roff(tool.name)} \\- {roff(tool.summary.rstrip('.'))}",
        f".SH SYNOPSIS\n\\fB{roff(tool.name)}\\fR [options] " + " ".join(f"\\fI{roff(word)}\\fR" for word in words),
        ".SH DESCRIPTION",
    ]
    for paragraph in tool.details:
        lines.append(f".PP\n.nf\n{roff(paragraph)}\n.fi" if paragraph.startswith("  ") else f".PP\n{roff(paragraph)}")
    lines += [".SH ARGUMENTS"] if tool.arguments else []
    lines += [f".TP\n\\fI{roff(name)}\\fR\n{roff(text)}" for name, text in tool.arguments]
    lines += [".SH OPTIONS\nDefaults stand in brackets."] + [man_option(option) for option in tool.options]
    lines.append(
        ".SH EXIT STATUS\n0 done; 1 failed; 2 wrong usage or configuration; 3 bad input; 4 the environment failed: disk, GPU, MPI;"
        " 70 a bug in reel3d; 75 stopped early at a checkpoint: run the same command again."
    )
    return "\n".join(lines) + "\n"


# --- completion -------------------------------------------------------------------------------------


def bash_completion(tool):
    function = "_reel3d_" + tool.name.replace("-", "_")
    options = " ".join("--" + option.name + ("" if option.is_switch else "=") for option in tool.options)
    cases = "".join(
        f"\t--{option.name}) mapfile -t COMPREPLY < <(compgen -W '{' '.join(option.choices)}' -- \"$word\") && return ;;\n"
        for option in tool.options
        if option.choices
    )
    return f"""# bash completion of {tool.name}
{function}() {{
	local word=$2 before=$3
	if [ "$word" = = ]; then word=; elif [ "$before" = = ]; then before=${{COMP_WORDS[COMP_CWORD - 2]}}; fi
	[ "$2" != = ] || before=$3
	COMPREPLY=()
	case $before in
{cases}	esac
	if [[ $word == --* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '{options}' -- "$word")
		[[ ${{COMPREPLY[0]:-}} != *= ]] || compopt -o nospace
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	fi
}}
complete -o filenames -F {function} {tool.name}
"""


def zsh_word(text):
    return text.replace("'", "'\\''").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")


def zsh_completion(tools):
    lines = ["#compdef " + " ".join(tool.name for tool in tools), "# zsh completion of reel3d's tools", "case $service in"]
    for tool in tools:
        lines.append(f"{tool.name})\n\t_arguments \\")
        for option in tool.options:
            first = zsh_word(re.split(r"[.:;] ", option.help)[0])
            values = f"({' '.join(option.choices)})" if option.choices else "_files"
            value = "" if option.is_switch else f":value:{values}"
            lines.append(f"\t\t'--{option.name}{'' if option.is_switch else '='}[{first}]{value}' \\")
        lines.append("\t\t'*:file:_files'\n\t;;")
    return "\n".join(lines + ["esac", ""])


# --- writing ----------------------------------------------------------------------------------------


def write(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def install(tools, share):
    for tool in tools:
        write(share / "man" / "man1" / f"{tool.name}.1", man_page(tool))
        write(share / "bash-completion" / "completions" / tool.name, bash_completion(tool))
    write(share / "zsh" / "site-functions" / "_reel3d", zsh_completion(tools))
    return 0


def check(tools, folder):
    stale = [tool.name for tool in tools if not (folder / f"{tool.name}.md").exists() or (folder / f"{tool.name}.md").read_text(encoding="utf-8") != page(tool)]
    for name in stale:
        print(f"{folder / name}.md is not what {name} --help says: docs/reference/make_reference.py pages build/bin docs/reference/tools")
    sources = pathlib.Path(__file__).resolve().parents[2] / "tools"
    for file in sorted(folder.glob("*.md")):
        if not (sources / (file.stem.replace("-", "_") + ".cc")).exists():
            stale.append(file.stem)
            print(f"{file} describes a tool that does not exist: remove it")
    print(f"{len(tools)} tools, {sum(len(tool.options) for tool in tools)} options")
    return 1 if stale or not tools else 0


def main(arguments):
    if len(arguments) != 3 or arguments[0] not in ("pages", "check", "install"):
        print(__doc__, file=sys.stderr)
        return 2
    bin_dir, folder = map(pathlib.Path, arguments[1:])
    tools = [read_tool(bin_dir, name) for name in tool_names(bin_dir)]
    if arguments[0] == "install":
        return install(tools, folder)
    if arguments[0] == "check":
        return check(tools, folder)
    for tool in tools:
        write(folder / f"{tool.name}.md", page(tool))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
