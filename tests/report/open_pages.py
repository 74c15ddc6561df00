"""Opens pages of report-run in a browser and prints what a reader should not meet.

Usage: open_pages.py PAGE.html... [--pictures DIR] [--patience SECONDS]

Each page is opened on a desk (1280 pixels wide) and on a phone (390), light and dark. A fault is: something
wider than the window, a message on the console, a request for anything but the page, or what axe-core finds
for readers with a screen reader, a keyboard or poor sight. No number stands on another line than its unit. Each page is also opened as it is printed, and with
scripts disabled. On the desk each table is sorted by each column, and searched for names, the oddest ones too,
and the first table fits into its box.

axe-core takes most of the time, so it looks at two views only: light on the desk, and dark on the phone with the
rules for colours and widths. Its rule of contrast takes 2 ms for each element, so it sees one row of each style in
a table. A page of five runs with 400 classes takes it minutes all the same: give such a page --patience 900.
axe-core is in a wheel that setup/install.sh --tests unpacks into build/axe; $REEL3D_AXE names another file. Without
it only the other faults are looked for. The pages have the fonts of Debian's fonts-dejavu-core, if it is installed,
and not others of the machine.

Status 1: there are faults, one a line. Status 77: there is no chromium, or it cannot start. Then, and if axe-core
is missing, the status is 1 if $REEL3D_BROWSER is "required". Status 70: the browser stopped, or did not answer
within the patience.
SPDX-License-Identifier: Apache-2.0
"""

import argparse
import base64
import glob
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from page_rules import AXE, CUT_TEXTS, FIRST_TABLE, OVERFLOW, TABLES, TORN, WITHOUT_SCRIPT

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
VIEWS = [(width, scheme) for width in (1280, 390) for scheme in ("light", "dark")]

# A scheme changes colours, and a width changes places: axe-core looks at each of them once.
AXE_VIEWS = [(1280, "light"), (390, "dark")]
PAPER = 718  # pixels of a sheet of A4 between its margins
FONTS = "/usr/share/fonts/truetype/dejavu"


class BrowserError(Exception):
    """The browser ended, does not answer, or refuses a command."""


def environment(profile):
    """Returns environment variables with which the widths of texts do not depend on the machine's fonts."""
    if not os.path.isdir(FONTS):
        return dict(os.environ)
    path = os.path.join(profile, "fonts.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write('<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
                   f"<dir>{FONTS}</dir><cachedir>{profile}/fonts</cachedir></fontconfig>")
    return {**os.environ, "FONTCONFIG_FILE": path}


class Browser:
    """Speaks the protocol of Chromium's developer tools through a pair of pipes."""

    def __init__(self, program, profile, patience_s):
        self.patience_s = patience_s
        to_browser, self.out = os.pipe()
        self.into, from_browser = os.pipe()

        def give_pipes():  # the browser reads file descriptor 3 and writes 4
            read_end = os.dup(to_browser)
            write_end = os.dup(from_browser)
            os.dup2(read_end, 3)
            os.dup2(write_end, 4)

        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
             "--hide-scrollbars", "--disable-background-networking", "--remote-debugging-pipe",
             f"--user-data-dir={profile}"],
            preexec_fn=give_pipes, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=environment(profile), start_new_session=True)
        os.close(to_browser)
        os.close(from_browser)
        self.rest = b""
        self.number = 0
        self.session = None
        self.events = []

    def start(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def message(self, deadline):
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.into], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise BrowserError(f"the browser did not answer for {self.patience_s:g} s")
            piece = os.read(self.into, 1 << 20)
            if not piece:
                raise BrowserError("the browser ended")
            self.rest += piece
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        """Returns the result. Keeps the events that arrive before it."""
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        rest = memoryview(json.dumps(request).encode() + b"\0")
        try:
            while rest:
                rest = rest[os.write(self.out, rest):]
        except BrokenPipeError as error:
            raise BrowserError("the browser ended") from error
        deadline = time.monotonic() + self.patience_s
        while True:
            message = self.message(deadline)
            if message.get("id") == self.number:
                if "error" in message:
                    raise BrowserError(f"{method}: {message['error']['message']}")
                return message["result"]
            self.events.append(message)

    def wait_for(self, method):
        deadline = time.monotonic() + self.patience_s
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.message(deadline))

    def value_of(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise BrowserError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def open(self, page, width, scheme, media="screen", has_scripts=True):
        """Opens the page and returns the events until it is loaded."""
        self.call("Emulation.setScriptExecutionDisabled", value=not has_scripts)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1,
                  mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", media=media,
                  features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events = []
        self.call("Page.navigate", url="file://" + page)
        self.wait_for("Page.loadEventFired")
        if has_scripts:  # a page without scripts has no timers
            self.value_of("new Promise(done => setTimeout(done, 100))")
        return self.events

    def close(self):
        os.killpg(self.process.pid, signal.SIGKILL)  # its renderers too
        self.process.wait()


def faults_of_events(events, page):
    """Yields the messages on the console and the requests for anything but the page."""
    for event in events:
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            url = parameters["request"]["url"]
            if url != "file://" + page and not url.startswith("data:"):
                yield f"asks for {url}"
        elif method == "Log.entryAdded":
            yield "log: " + parameters["entry"]["text"]
        elif method == "Runtime.consoleAPICalled":
            yield "console: " + str([value.get("value") for value in parameters["args"]])
        elif method == "Runtime.exceptionThrown":
            yield "exception: " + json.dumps(parameters["exceptionDetails"])[:300]


def faults_of_layout(browser):
    yield from browser.value_of(OVERFLOW)
    yield from browser.value_of(CUT_TEXTS)
    # Everything that a reader can unfold is checked too.
    browser.value_of("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    yield from browser.value_of(OVERFLOW)
    yield from browser.value_of(TORN)


def faults_of(browser, page, width, scheme, axe):
    yield from faults_of_events(browser.open(page, width, scheme), page)
    yield from faults_of_layout(browser)
    if (width, scheme) == VIEWS[0]:
        yield from browser.value_of(FIRST_TABLE)
        yield from browser.value_of(TABLES)
    if axe and (width, scheme) in AXE_VIEWS:
        browser.value_of(axe + "; undefined")
        yield from browser.value_of(AXE % json.dumps((width, scheme) == AXE_VIEWS[0]))


def other_faults_of(browser, page):
    """Yields (how the page was opened, fault) on paper and without scripts."""
    browser.open(page, PAPER, "light", media="print")
    yield from (("printed", fault) for fault in faults_of_layout(browser))
    browser.open(page, VIEWS[0][0], "light", has_scripts=False)
    yield from (("without scripts", fault) for fault in faults_of_layout(browser))
    yield from (("without scripts", fault) for fault in browser.value_of(WITHOUT_SCRIPT))


def picture_of(browser, page, width, scheme, folder):
    browser.value_of("document.querySelectorAll('details').forEach(part => { part.open = false; })")
    height = browser.value_of("document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": width, "height": min(height, 16000), "scale": 1}
    data = browser.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]
    name = f"{os.path.splitext(os.path.basename(page))[0]}-{width}-{scheme}.png"
    with open(os.path.join(folder, name), "wb") as file:
        file.write(base64.b64decode(data))


def leave_out(what, status):
    """Says what is left out, and ends with the status, or with 1 where nothing may be left out. 0 goes on."""
    required = os.environ.get("REEL3D_BROWSER") == "required"
    print(f"{what}{'; REEL3D_BROWSER is required' if required else ''}", file=sys.stderr)
    if required or status:
        sys.exit(1 if required else status)


def axe_text():
    source = os.environ.get("REEL3D_SOURCE", os.path.join(os.path.dirname(__file__), "..", ".."))
    path = os.environ.get("REEL3D_AXE") or next(
        iter(glob.glob(os.path.join(source, "build/axe/lib/python3*/site-packages/axe_playwright_python/axe.min.js"))),
        os.path.join(source, "build/axe"))
    if not os.path.isfile(path):
        leave_out(f"axe-core is not checked: it is not in {path} (setup/install.sh --tests installs it)", 0)
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="+")
    parser.add_argument("--pictures", help="also write a picture of each page and view to this folder")
    parser.add_argument("--patience", type=float, default=200, metavar="SECONDS",
                        help="how long the browser may take for one answer (default: 200)")
    options = parser.parse_args()
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        leave_out("skipped: there is no chromium (setup/install.sh --tests installs it)", 77)
    axe = axe_text()
    num_faults = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile, options.patience)
        try:
            try:
                browser.start()
            except BrowserError as error:
                leave_out(f"skipped: {program} cannot start here: {error}", 77)
            for domain in ("Page", "Network", "Log", "Runtime"):
                browser.call(domain + ".enable")
            for page in map(os.path.abspath, options.pages):
                for width, scheme in VIEWS:
                    for fault in faults_of(browser, page, width, scheme, axe):
                        print(f"{os.path.basename(page)} at {width} pixels, {scheme}: {fault}")
                        num_faults += 1
                    if options.pictures:
                        picture_of(browser, page, width, scheme, options.pictures)
                for way, fault in other_faults_of(browser, page):
                    print(f"{os.path.basename(page)} {way}: {fault}")
                    num_faults += 1
        except BrowserError as error:
            print(error, file=sys.stderr)
            sys.exit(70)
        finally:
            browser.close()
    sys.exit(1 if num_faults else 0)


if __name__ == "__main__":
    main()
