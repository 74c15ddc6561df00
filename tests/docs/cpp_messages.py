"""Collects the errors and warnings of C++ sources.

A *sink* is a function that shows its text as an error or warning: those of SINKS, and each function that passes one of
its own parameters to a sink (Fail(why), Refuse(text, ...)). A message is what one call of a sink shows. Its fixed words
are the string literals among the arguments. If there are none, the words are looked for where the arguments come from:
in the assignments to a variable, and in the functions that are called.
SPDX-License-Identifier: Apache-2.0
"""

import re
from typing import NamedTuple

SINKS = {"Error", "InputError", "UsageError", "EnvironmentError", "ReadError", "WriteError", "LogWarn", "LogError"}
TOKEN = re.compile(
    r"""(?P<skip>//[^\n]*|/\*.*?\*/|^[ \t]*\#(?:[^\n]*\\\n)*[^\n]*|\s+)
      |(?P<str>R"(?P<end>[^()\s"\\]*)\((?P<raw>.*?)\)(?P=end)"|(?:u8|L)?"(?P<plain>(?:[^"\\\n]|\\.)*)")
      |(?P<char>'(?:[^'\\\n]|\\.)+')
      |(?P<id>[A-Za-z_]\w*)
      |(?P<number>\d(?:[\w.']|[eE][+-])*)
      |(?P<mark>::|->|\+=|==|!=|<=|>=|&&|\|\||.)""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
# Types of parameters that may be a sentence, or a part of one.
TEXTS = {"string", "string_view", "char", "Doubt"}
# Functions whose `what` names the thing that they look at. They make the sentence about it themselves.
NAMING = {"RequireFile", "RequireFolder", "ObjectIn", "RequireModestClip", "Integer", "Real", "Diverged", "Count"}
# Parameters that name what a message is about.
NAMES = {"source", "data", "name", "file", "id", "type"}
# What may begin the text that shown_later() finds.
STORED = {"{", ".", "->", "note", "note_", "problem", "notes", "notes_", "warnings", "missing"}
CLOSING = {"(": ")", "{": "}", "[": "]"}
KEYWORDS = {"if", "for", "while", "switch", "catch", "return", "sizeof", "throw", "else", "do", "constexpr", "decltype"}


class Token(NamedTuple):
    kind: str
    text: str
    line: int


class Function(NamedTuple):
    name: str
    returns: str
    parameters: tuple
    tokens: list  # of the file
    body: range  # in tokens
    file: str


class Message(NamedTuple):
    file: str
    line: int
    pieces: tuple  # string literals, as they stand in the source; adjacent ones are joined


def has_words(pieces):
    """Returns whether a literal has two words with a blank between, besides what is put into it."""
    for piece in pieces:
        words = re.findall(r"[A-Za-z][A-Za-z'-]+", re.sub(r"\{[^{}]*\}", "", piece))
        if len(words) > 1 and max(map(len, words)) > 2 and " " in piece.strip():
            return True
    return False


def tokens_of(text):
    tokens = []
    line = 1
    for match in TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "str":
            value = match["raw"] if match["raw"] is not None else match["plain"]
            if tokens and tokens[-1].kind == "str":
                first = tokens.pop()
                tokens.append(Token("str", first.text + value, first.line))
            else:
                tokens.append(Token("str", value, line))
        elif kind != "skip":
            tokens.append(Token(kind, match[0], line))
        line += match[0].count("\n")
    return tokens


def end_of(tokens, start):
    """Returns the index of the bracket that closes the one at `start`."""
    depth = 0
    for index in range(start, len(tokens)):
        token = tokens[index]
        if token.kind == "mark":
            depth += token.text in CLOSING
            depth -= token.text in CLOSING.values()
            if depth == 0:
                return index
    return len(tokens) - 1


def parts(tokens, start, end):
    """Yields the ranges between the commas of the brackets at `start` and `end`."""
    depth, begin = 0, start + 1
    for index in range(start + 1, end):
        if tokens[index].kind == "mark":
            depth += tokens[index].text in CLOSING
            depth -= tokens[index].text in CLOSING.values()
            if tokens[index].text == "," and depth == 0:
                yield range(begin, index)
                begin = index + 1
    if begin < end:
        yield range(begin, end)


def parameters_of(tokens, start, end):
    """Returns the name of each parameter between the brackets; "" if it is no text, or only names something."""
    names = []
    for part in parts(tokens, start, end):
        words = [tokens[i].text for i in part if tokens[i].kind == "id"]
        is_text = len(words) > 1 and TEXTS & set(words)
        names.append(words[-1] if is_text and words[-1] not in NAMES else "")
    return tuple(names)


def brace_behind(tokens, index, is_lambda):
    """Returns the index of the brace that opens the body of a function, or None. `index`: behind the parameters."""
    while index < len(tokens) and tokens[index].text in ("const", "noexcept", "override", "mutable"):
        index += 1
    if index < len(tokens) and tokens[index].text == ":" and not is_lambda:  # a constructor's initial values
        while index < len(tokens) and tokens[index].text not in (";", "{"):
            index = end_of(tokens, index) + 1 if tokens[index].text == "(" else index + 1
    return index if index < len(tokens) and tokens[index].text == "{" else None


def functions_of(file, tokens):
    """Yields the definitions of functions, whatever they are nested in, and those of named lambdas."""
    for index, token in enumerate(tokens):
        if token.kind != "id" or token.text in KEYWORDS:
            continue
        start = index + 1
        is_lambda = [following.text for following in tokens[start : start + 2]] == ["=", "["]
        if is_lambda:
            start = end_of(tokens, start + 1) + 1
        if start >= len(tokens) or tokens[start].text != "(":
            continue
        end = end_of(tokens, start)
        brace = brace_behind(tokens, end + 1, is_lambda)
        if brace is None:
            continue
        begin = index
        while begin > 0 and tokens[begin - 1].text not in (";", "{", "}", ":"):
            begin -= 1
        returns = " ".join(before.text for before in tokens[begin:index])
        body = range(brace, end_of(tokens, brace))
        yield Function(token.text, returns, parameters_of(tokens, start, end), tokens, body, file)


class Sources:
    """All C++ sources. `texts`: from path to text."""

    def __init__(self, texts):
        self.tokens = {file: tokens_of(text) for file, text in texts.items()}
        self.functions = {}
        self.functions_in = {}
        for file, tokens in self.tokens.items():
            self.functions_in[file] = list(functions_of(file, tokens))
            for function in self.functions_in[file]:
                self.functions.setdefault(function.name, []).append(function)
        # For each sink the files that define it, and for each file the numbers of the arguments that are shown.
        self.sinks = {}
        while self._grow_sinks():
            pass

    def _grow_sinks(self):
        """Adds the functions that pass a parameter to a sink. Returns whether there was one."""
        grown = False
        for function in (function for functions in self.functions.values() for function in functions):
            if function.name in SINKS | NAMING:
                continue
            for index in function.body:
                for part in self._all_shown(function.file, index):
                    for name in {function.tokens[i].text for i in part} & set(filter(None, function.parameters)):
                        shown = self.sinks.setdefault(function.name, {}).setdefault(function.file, set())
                        grown = grown or function.parameters.index(name) not in shown
                        shown.add(function.parameters.index(name))
        return grown

    def _shown(self, file, index):
        """Returns the arguments that are shown, if a call of a sink is at `index`."""
        tokens = self.tokens[file]
        name = tokens[index].text
        if tokens[index].kind != "id" or index + 1 >= len(tokens) or tokens[index + 1].text not in ("(", "{"):
            return []
        if name not in SINKS and name not in self.sinks:
            return []
        arguments = list(parts(tokens, index + 1, end_of(tokens, index + 1)))
        if name in SINKS:
            is_bug = "kInternal" in [tokens[i].text for i in (arguments or [[]])[0]]
            return [] if is_bug else arguments
        files = self.sinks[name]
        here = [function for function in self.functions_in[file] if function.name == name]
        is_of_file = any(len(function.parameters) == len(arguments) for function in here)
        shown = files.get(file, set()) if is_of_file else set().union(*files.values())
        return [part for number, part in enumerate(arguments) if number in shown]

    def _all_shown(self, file, index):
        text = self.tokens[file][index].text
        if text not in SINKS and text not in self.sinks and text not in STORED:
            return []
        return [*self._shown(file, index), *shown_later(file, self.tokens[file], index)]

    def messages(self):
        """Yields each message once."""
        seen = set()
        for file, tokens in self.tokens.items():
            for index in range(len(tokens)):
                for part in self._all_shown(file, index):
                    for message in self._said(file, tokens, part, 3):
                        if message not in seen:
                            seen.add(message)
                            yield message

    def _said(self, file, tokens, part, depth):
        """Yields what the arguments `part` say."""
        found = False
        for pieces in variants(tokens, part):
            if has_words([piece.text for piece in pieces]):
                found = True
                yield Message(file, pieces[0].line, tuple(piece.text for piece in pieces))
        if not found and depth > 0:
            for index in part:
                if tokens[index].kind == "id":
                    yield from self._behind(file, tokens, index, depth - 1)

    def _behind(self, file, tokens, index, depth):
        """Yields what a variable was set to, or what a called function returns."""
        name = tokens[index].text
        if tokens[index + 1].text == "(":
            functions = [function for function in self.functions.get(name, []) if function.name != "what"]
            here = [function for function in functions if function.tokens is tokens]
            for function in here or (functions if len(functions) == 1 else []):
                if {"string", "char", "string_view", "vector", "optional", "auto"} & set(function.returns.split()):
                    yield from self._returned(function, depth)
            return
        bodies = [function.body for function in self.functions_in[file] if index in function.body]
        for body in [range(len(tokens))] if re.match("k[A-Z]", name) else bodies:
            for assigned in settings_of(tokens, body, name):
                yield from self._said(file, tokens, assigned, depth)

    def _returned(self, function, depth):
        for index in function.body:
            if function.tokens[index].text == "return":
                yield from self._said(function.file, function.tokens, statement(function.tokens, index), depth)


def statement(tokens, start):
    """Returns the range from behind `start` to the semicolon."""
    index = start + 1
    while index < len(tokens) and tokens[index].text != ";":
        index = end_of(tokens, index) + 1 if tokens[index].text in CLOSING else index + 1
    return range(start + 1, index)


def settings_of(tokens, body, name):
    """Yields what the variable `name` is set to or extended by."""
    for index in body:
        if tokens[index].text == name and tokens[index - 1].text not in (".", "->", "::"):
            if tokens[index + 1].text in ("=", "+="):
                yield statement(tokens, index + 1)
            elif tokens[index + 1].text in ("(", "{") and tokens[index - 1].kind == "id":
                yield range(index + 2, end_of(tokens, index + 1))
            elif tokens[index + 1].text == "." and tokens[index + 2].text in ("push_back", "emplace_back", "append"):
                yield range(index + 4, end_of(tokens, index + 3))


def shown_later(file, tokens, index):
    """Yields the text at `index` that is stored, and shown later: an Error, a Doubt (lib/data/doubt.h), a Finding of
    check-cluster (lib/cluster/check.h) that is WARN or FAIL, how a file ends (lib/video/container_end.h), a note that is
    no caption, and an element of `notes`, `warnings` or `missing`."""
    texts = [token.text for token in tokens[index : index + 4]]
    if texts[:3] == ["{", "DoubtKind", "::"]:
        yield list(parts(tokens, index, end_of(tokens, index)))[-1]
    elif texts in (["{", "Verdict", "::", "kWarn"], ["{", "Verdict", "::", "kFail"]):
        yield list(parts(tokens, index, end_of(tokens, index)))[1]
    elif texts[1:3] == ["text", "="] and {"kWarn", "kFail"} & {token.text for token in tokens[max(0, index - 6) : index]}:
        yield statement(tokens, index + 2)
    elif texts[:3] == ["{", "ErrorKind", "::"]:
        yield from list(parts(tokens, index, end_of(tokens, index)))[1:]
    elif texts in (["{", "FileEnd", "::", "Kind"], ["{", "Kind", "::", "kRagged"], ["{", "Kind", "::", "kCut"]):
        yield list(parts(tokens, index, end_of(tokens, index)))[-1]
    elif texts[0] in ("note", "note_", "problem") and texts[1] == "=" and not file.startswith("lib/report/sections/"):
        yield statement(tokens, index + 1)
    elif texts[0] in ("notes", "notes_", "warnings", "missing") and texts[2:] == ["push_back", "("]:
        yield range(index + 4, end_of(tokens, index + 3))


def variants(tokens, part):
    """Yields the literals of an expression. `condition ? "a" : "b"` makes two variants, one with each text."""
    literals = [index for index in part if tokens[index].kind == "str"]
    pairs = [
        (index, index + 2)
        for index in literals
        if tokens[index - 1].text == "?" and tokens[index + 1].text == ":" and tokens[index + 2].kind == "str"
    ]
    for left_out in [{pair[1] for pair in pairs}, {pair[0] for pair in pairs}] if pairs else [set()]:
        pieces = [tokens[index] for index in literals if index not in left_out]
        if pieces:
            yield pieces
