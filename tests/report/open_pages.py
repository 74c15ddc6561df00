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

# Returns what violates the rules of axe-core or, with false, those that depend on colours and on the window's width.
AXE = """
(async function () {
  function violations(options) {
    return axe.run(document, Object.assign({resultTypes: ['violations']}, options)).then(function (found) {
      return found.violations.map(function (fault) {
        return fault.id + ' (' + fault.help + '), ' + fault.nodes.length + ' times, such as ' +
               fault.nodes[0].target.join(' ') + ': ' + fault.nodes[0].failureSummary.replace(/\\s+/g, ' ');
      });
    });
  }
  var found = await violations(%s ? {rules: {'color-contrast': {enabled: false}}}
                                  : {runOnly: ['scrollable-region-focusable', 'target-size']});
  // Further rows have the colours of these, but for rows of another style.
  var rest = Array.from(document.querySelectorAll('tbody tr:nth-child(n + 2):not([class])'));
  rest.forEach(function (row) { row.hidden = true; });
  found = found.concat(await violations({runOnly: ['color-contrast']}));
  rest.forEach(function (row) { row.hidden = false; });
  return found;
})()
"""

# Returns the numbers that stand on another line than their unit or than the other end of their interval.
TORN = """
(function () {
  var found = [], node, match, texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  var figure = /[0-9][0-9.,]*(\\s(to|x)\\s[-+]?[0-9.]+)?\\s(%|s|ms|min|h|days|points|kB|MB|GB|fps)(?![A-Za-z0-9])|< [0-9.]+/g;
  while ((node = texts.nextNode())) {
    if (node.parentElement.closest('script, style, svg')) continue;
    while ((match = figure.exec(node.data))) {
      var range = document.createRange();
      range.setStart(node, match.index);
      range.setEnd(node, match.index + match[0].length);
      var lines = Array.from(range.getClientRects()).map(function (box) { return Math.round(box.top); });
      if (Math.max.apply(null, lines) > Math.min.apply(null, lines) + 3) found.push('torn: ' + match[0]);
    }
  }
  return found.slice(0, 5);
})()
"""

# Returns the page's first table, which has the results, if it does not fit into its box.
FIRST_TABLE = """
(function () {
  var box = document.querySelector('main .scroll');
  return box && box.scrollWidth > box.clientWidth
    ? ['the first table has ' + box.scrollWidth + ' pixels in a box of ' + box.clientWidth] : [];
})()
"""

# Types names into each filter, and sorts each table by each column, twice. Returns what goes wrong.
TABLES = """
(function () {
  var found = [];
  function type(box, text) { box.value = text; box.dispatchEvent(new Event('input')); }
  function search(box, rows, title) {
    var texts = rows.map(function (row) { return row.cells[0].textContent; });
    var odd = texts.filter(function (text) { return /[<>"'&]|[^ -~]/.test(text); });
    [texts[texts.length - 1]].concat(odd.slice(0, 5)).forEach(function (text) {
      type(box, text);
      if (rows.some(function (row) {
        return row.hidden === row.textContent.toLowerCase().includes(text.toLowerCase());
      })) found.push(title + ': the filter does not find ' + text.slice(0, 60));
    });
    type(box, '');
    if (rows.some(function (row) { return row.hidden; })) found.push(title + ': an empty filter hides rows');
  }
  function value(row, column) {
    var cell = row.cells[column], v = cell.getAttribute('data-v');
    return v === null ? cell.textContent : v === '' ? null : Number(v);
  }
  function is_sorted(rows, column, sign) {
    return rows.every(function (row, place) {
      if (place === 0) return true;
      var a = value(rows[place - 1], column), b = value(row, column);
      if (a === null || b === null) return b === null;
      return sign * (typeof a === 'number' ? a - b : a.localeCompare(b)) <= 0;
    });
  }
  document.querySelectorAll('table').forEach(function (table) {
    var body = table.tBodies[0], rows = Array.from(body.rows);
    var title = table.caption.textContent.slice(0, 60), box = table.parentNode.previousElementSibling;
    if (rows.length < 2) return;
    if (rows.length > 12 && !(box && box.matches('input.filter'))) found.push(title + ': has no filter');
    else if (rows.length > 12) search(box, rows, title);
    Array.from(table.tHead.rows[0].cells).forEach(function (head, column) {
      [1, -1].forEach(function (sign) {
        head.querySelector('button').click();
        if (!is_sorted(Array.from(body.rows), column, sign) || body.rows.length !== rows.length ||
            head.getAttribute('aria-sort') !== (sign > 0 ? 'ascending' : 'descending'))
          found.push(title + ': is not sorted by ' + head.textContent);
      });
    });
    rows.forEach(function (row) { body.appendChild(row); });
  });
  return found.slice(0, 5);
})()
"""

# Returns what a page without its script lacks, or shows although only the script can use it.
WITHOUT_SCRIPT = """
(function () {
  var found = [];
  if (document.querySelector('main button, main input, main .pointed')) found.push('a script has run');
  document.querySelectorAll('section').forEach(function (part) {
    if (part.textContent.trim().length < 20) found.push('empty without a script: ' + part.textContent);
  });
  return found;
})()
"""

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
