// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/page.h"

#include <fmt/format.h>

#include "lib/report/draw/style.h"
#include "lib/report/draw/text.h"

namespace reel3d::report {
namespace {

// Each column's name becomes a button that sorts, and tables of more than 12 rows get a filter. A
// line under a large heat map says which cell the mouse points at.
constexpr const char* kScript = R"(
document.querySelectorAll('table').forEach(function (table) {
  var body = table.tBodies[0], rows = Array.prototype.slice.call(body.rows), falling = null;
  if (rows.length < 2) return;
  function value(row, column) {
    var cell = row.cells[column], v = cell.getAttribute('data-v');
    return v === null ? cell.textContent : v === '' ? null : Number(v);
  }
  Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
    var button = document.createElement('button');
    button.type = 'button'; button.title = 'Sort by this column';
    while (head.firstChild) button.appendChild(head.firstChild);
    head.appendChild(button);
    button.addEventListener('click', function () {
      var down = falling === column; falling = down ? null : column;
      rows.slice().sort(function (a, b) {
        var x = value(a, column), y = value(b, column);
        if (x === null || y === null) return (x === null) - (y === null);
        var order = typeof x === 'number' ? x - y : x.localeCompare(y);
        return down ? -order : order;
      }).forEach(function (row) { body.appendChild(row); });
      Array.prototype.forEach.call(table.tHead.rows[0].cells, function (other) {
        other.removeAttribute('aria-sort');
      });
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    });
  });
  if (rows.length <= 12) return;
  var box = document.createElement('input');
  box.type = 'search'; box.className = 'filter'; box.placeholder = 'Show rows with ...';
  box.setAttribute('aria-label', 'Show only rows that contain this text');
  function plain(text) { return text.toLowerCase().replace(/\u00a0/g, ' '); }
  box.addEventListener('input', function () {
    var wanted = plain(box.value);
    rows.forEach(function (row) { row.hidden = plain(row.textContent).indexOf(wanted) < 0; });
  });
  var frame = table.parentNode;
  frame.parentNode.insertBefore(box, frame);
});
document.querySelectorAll('g[data-names]').forEach(function (cells) {
  var names = JSON.parse(cells.getAttribute('data-names')), picture = cells.ownerSVGElement;
  var ends = cells.getAttribute('data-up-to').split(' ');
  var line = document.createElement('p');
  function name(place) { return '\u2068' + names[place].slice(0, 60) + '\u2069 (' + place + ')'; }
  line.className = 'note pointed';
  line.textContent = 'Point at a cell to see its classes.';
  picture.parentNode.insertBefore(line, picture.nextSibling);
  picture.addEventListener('pointermove', function (event) {
    var place = new DOMPoint(event.clientX, event.clientY);
    place = place.matrixTransform(cells.getScreenCTM().inverse());
    var row = Math.floor(place.y), column = Math.floor(place.x);
    if (names[row] === undefined || names[column] === undefined) return;
    var shade = /^s([0-9])$/.exec(event.target.getAttribute('class') || '');
    line.textContent = cells.getAttribute('data-row') + ': ' + name(row) + ', ' +
      cells.getAttribute('data-column') + ': ' + name(column) + ', ' +
      (shade ? 'up to ' + ends[shade[1] - 1] + ' % of the row' : 'no video');
  });
});
)";

}  // namespace

std::string PageHtml(const std::string& title, const std::vector<PagePart>& parts,
                     const std::string& foot) {
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n<title>{}</title>\n<style>{}</style>\n</head>\n"
      "<body>\n<header><h1>{}</h1></header>\n<nav aria-label=\"Parts of this page\">",
      EscapeMarkup(title), PageStyle(), IsolatedHtml(title));
  for (const PagePart& part : parts) {
    html += fmt::format("<a href=\"#{}\">{}</a>", part.id, EscapeMarkup(part.title));
  }
  html += "</nav>\n<main>\n";
  for (const PagePart& part : parts) {
    html +=
        fmt::format("<section aria-labelledby=\"{0}\">\n<h2 id=\"{0}\">{1}</h2>\n{2}</section>\n",
                    part.id, EscapeMarkup(part.title), part.html);
  }
  html += fmt::format(
      "</main>\n<footer><p class=\"note\">{}</p></footer>\n<script>{}</script>\n"
      "</body>\n</html>\n",
      EscapeMarkup(foot), kScript);
  return html;
}

}  // namespace reel3d::report
