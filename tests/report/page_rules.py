"""The scripts that open_pages.py runs in a page. Each returns what a reader should not meet, a text for each fault.

SPDX-License-Identifier: Apache-2.0
"""

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
