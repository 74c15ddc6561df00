"""Opens pages of report-run in a browser and prints what a reader should not meet.

Usage: open_pages.py PAGE.html... [--pictures DIR]

Each page is opened on a desk (1280 pixels wide) and on a phone (390), light and dark. A fault is: something
wider than the window, a message on the console, a request for anything but the page, or what axe-core finds
for readers with a screen reader, a keyboard or poor sight. axe-core is the file $REEL3D_AXE, by default
build/axe/axe.min.js; without it only the other faults are looked for. Status 1: there are faults, one a line.
Status 77: there is no chromium, or it cannot start. Status 70: it stopped, or did not answer for a minute.
The pages have the fonts of Debian's fonts-dejavu-core, if it is installed, and not others of the machine.
SPDX-License-Identifier: Apache-2.0
"""

import argparse
import base64
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
VIEWS = [(width, scheme) for width in (1280, 390) for scheme in ("light", "dark")]

# Returns the elements that reach beyond the window, but for those inside a box that scrolls.
OVERFLOW = """
(function () {
  var width = document.documentElement.clientWidth, found = [];
  if (document.documentElement.scrollWidth > width)
    found.push('the page is ' + document.documentElement.scrollWidth + ' pixels wide');
  document.querySelectorAll('body *').forEach(function (element) {
    var box = element.getBoundingClientRect();
    if (box.width === 0 || box.right <= width + 0.5) return;
    for (var up = element.parentElement; up; up = up.parentElement)
      if (getComputedStyle(up).overflowX !== 'visible') return;
    found.push(element.tagName.toLowerCase() + ' ends at ' + Math.round(box.right) + ': ' +
               element.textContent.slice(0, 60));
  });
  return found.slice(0, 5);
})()
"""

# Returns the texts of drawings that are cut off at the drawing's edge.
CUT_TEXTS = """
(function () {
  var found = [];
  document.querySelectorAll('svg').forEach(function (picture) {
    var frame = picture.getBoundingClientRect();
    if (frame.width === 0) return;
    picture.querySelectorAll('text').forEach(function (text) {
      var box = text.getBoundingClientRect();
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 ||
          box.bottom > frame.bottom + 1)
        found.push('cut off in a drawing: ' + text.textContent.slice(0, 60));
    });
  });
  return found.slice(0, 5);
})()
"""

AXE = """
axe.run(document, {resultTypes: ['violations']}).then(function (found) {
  return found.violations.map(function (fault) {
    return fault.id + ' (' + fault.help + '), ' + fault.nodes.length + ' times, such as ' +
           fault.nodes[0].target.join(' ') + ': ' + fault.nodes[0].failureSummary.replace(/\\s+/g, ' ');
  });
})
"""


ANSWER_S = 60  # seconds that the browser may take for one answer
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

    def __init__(self, program, profile):
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
                raise BrowserError(f"the browser did not answer for {ANSWER_S} s")
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
        deadline = time.monotonic() + ANSWER_S
        while True:
            message = self.message(deadline)
            if message.get("id") == self.number:
                if "error" in message:
                    raise BrowserError(f"{method}: {message['error']['message']}")
                return message["result"]
            self.events.append(message)

    def wait_for(self, method):
        deadline = time.monotonic() + ANSWER_S
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.message(deadline))

    def value_of(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise BrowserError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def open(self, page, width, scheme):
        """Opens the page and returns the events until it is loaded."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1,
                  mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events = []
        self.call("Page.navigate", url="file://" + page)
        self.wait_for("Page.loadEventFired")
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


def faults_of(browser, page, width, scheme, axe):
    yield from faults_of_events(browser.open(page, width, scheme), page)
    yield from browser.value_of(OVERFLOW)
    yield from browser.value_of(CUT_TEXTS)
    # Everything that a reader can unfold is checked too.
    browser.value_of("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    yield from browser.value_of(OVERFLOW)
    if axe:
        browser.value_of(axe + "; undefined")
        yield from browser.value_of(AXE)


def picture_of(browser, page, width, scheme, folder):
    browser.value_of("document.querySelectorAll('details').forEach(part => { part.open = false; })")
    height = browser.value_of("document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": width, "height": min(height, 16000), "scale": 1}
    data = browser.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]
    name = f"{os.path.splitext(os.path.basename(page))[0]}-{width}-{scheme}.png"
    with open(os.path.join(folder, name), "wb") as file:
        file.write(base64.b64decode(data))


def axe_text():
    source = os.environ.get("REEL3D_SOURCE", os.path.join(os.path.dirname(__file__), "..", ".."))
    path = os.environ.get("REEL3D_AXE", os.path.join(source, "build", "axe", "axe.min.js"))
    if not os.path.exists(path):
        print(f"axe-core is not checked: there is no {path}", file=sys.stderr)
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="+")
    parser.add_argument("--pictures", help="also write a picture of each page and view to this folder")
    options = parser.parse_args()
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        print("skipped: there is no chromium", file=sys.stderr)
        sys.exit(77)
    axe = axe_text()
    num_faults = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        try:
            try:
                browser.start()
            except BrowserError as error:
                print(f"skipped: {program} cannot start here: {error}", file=sys.stderr)
                sys.exit(77)
            for domain in ("Page", "Network", "Log", "Runtime"):
                browser.call(domain + ".enable")
            for page in map(os.path.abspath, options.pages):
                for width, scheme in VIEWS:
                    for fault in faults_of(browser, page, width, scheme, axe):
                        print(f"{os.path.basename(page)} at {width} pixels, {scheme}: {fault}")
                        num_faults += 1
                    if options.pictures:
                        picture_of(browser, page, width, scheme, options.pictures)
        except BrowserError as error:
            print(error, file=sys.stderr)
            sys.exit(70)
        finally:
            browser.close()
    sys.exit(1 if num_faults else 0)


if __name__ == "__main__":
    main()
