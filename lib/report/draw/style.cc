// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/style.h"

#include <fmt/format.h>

#include <regex>

namespace reel3d::report {
namespace {

constexpr const char* kLight =
    "--page:#ffffff;--panel:#f5f7f9;--ink:#1b1f24;--soft:#59616b;--rule:#d4dae1;--link:#0a58a6;"
    "--c0:#0072b2;--c1:#c24a00;--c2:#00785a;--c3:#a4478a;--c4:#8a6100;--c5:#4b4f55;"
    "--s1:#cfe2f3;--s2:#a9cbe8;--s3:#7fb0da;--s4:#4f8fc4;--s5:#2a6ea8;--s6:#0b4377;--on:#ffffff";
constexpr const char* kDark =
    "--page:#14171b;--panel:#1d2127;--ink:#e7eaee;--soft:#a5aeb9;--rule:#3a424c;--link:#8ec5ff;"
    "--c0:#56b4e9;--c1:#f0883e;--c2:#2fcb9c;--c3:#e39ac6;--c4:#f0e442;--c5:#c9ced6;"
    "--s1:#1c2c3d;--s2:#1f4161;--s3:#23598a;--s4:#3579b4;--s5:#66a5da;--s6:#bfe0ff;--on:#0c1116";

constexpr const char* kPicture = R"(
svg text{fill:var(--ink);font:14px system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
svg .tick,svg .small{font-size:12.5px;fill:var(--soft)}
svg .grid{stroke:var(--rule);stroke-width:1}
svg .axis{stroke:var(--soft);stroke-width:1}
svg .line{fill:none;stroke-width:2;stroke-linejoin:round}
svg .dashed{stroke-dasharray:5 4}
svg .hit{fill-opacity:0}
svg .whisker{stroke:var(--ink);stroke-width:1.4}
svg .frame{fill:none;stroke:var(--rule)}
svg .under{fill:var(--panel)}
svg .count{font-size:12.5px}
svg .on{fill:var(--on)}
svg .bar{fill-opacity:.65}
)";

constexpr const char* kPage = R"(
:root{color-scheme:light dark}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:1rem 1rem 4rem;max-width:76rem;background:var(--page);color:var(--ink);
font:1rem/1.5 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
a{color:var(--link)}
h1{font-size:1.6rem;line-height:1.25;margin:.4rem 0}
h2{font-size:1.25rem;margin:2.4rem 0 .6rem;padding-top:.6rem;border-top:1px solid var(--rule)}
h3{font-size:1rem;margin:0 0 .3rem}
p{margin:.4rem 0;max-width:48rem}
nav{font-size:.9rem;margin:.6rem 0 1rem}
nav a{display:inline-block;margin:.15rem .9rem .15rem 0;padding:.15rem 0}
.answer{font-size:1.15rem;background:var(--panel);border-left:4px solid var(--c0);padding:.7rem 1rem;
max-width:none;border-radius:.2rem}
.note{color:var(--soft);font-size:.9rem}
.pointed{min-height:4.5em;margin:.2rem 0}
.warn{border-left:4px solid var(--c1);padding-left:.7rem}
.figures{display:grid;gap:1.2rem 2rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,27rem),1fr))}
figure{margin:.6rem 0;min-width:0;max-width:38rem}
figure svg{display:block;width:100%;height:auto}
figcaption{color:var(--soft);font-size:.9rem}
figure.strip{margin:.2rem 0}
.pictures{display:flex;gap:3px;margin-top:.3rem}
.pictures span{flex:1 1 0;min-width:0;max-width:6rem;color:var(--soft);font-size:.8rem}
.pictures img{display:block;width:100%;height:auto}
details{margin:.3rem 0}
summary{cursor:pointer;color:var(--link);font-size:.9rem;padding:.15rem 0}
.scroll{overflow:auto;max-width:100%;max-height:36rem;margin:.5rem 0}
table{border-collapse:collapse;width:max-content;max-width:max(100%,60rem);overflow-wrap:break-word;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);padding-bottom:.2rem}
figure .scroll{position:relative}
figure caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top;font-weight:400;
border-bottom:1px solid var(--rule);min-width:3.2rem}
table bdi{display:inline-block;max-width:18rem}td:last-child bdi{max-width:34rem}
thead th{font-weight:600;color:var(--soft);background:var(--page);position:sticky;top:0}
.n{text-align:right;white-space:nowrap}
.marked th,.marked td{font-weight:700}
th button{all:unset;cursor:pointer;font:inherit;color:inherit;text-decoration:underline dotted}
th button:focus-visible{outline:2px solid var(--link)}
input.filter{font:inherit;font-size:.9rem;margin:.3rem 0;padding:.25rem .5rem;width:100%;max-width:20rem;
color:var(--ink);background:var(--page);border:1px solid var(--soft);border-radius:.25rem}
@media print{body{max-width:none;padding:0;font-size:10pt}nav,input.filter,.pointed{display:none}
.scroll{overflow:visible;max-height:none}table{width:100%;font-size:8pt;overflow-wrap:anywhere}
th,td{min-width:0;padding-right:.3rem}th.n{white-space:normal}td.n,.f{overflow-wrap:normal}
table.broad{font-size:6pt}table.broad th,table.broad td{padding-right:.15rem}figure,tr{break-inside:avoid}h2,h3{break-after:avoid}
thead th{position:static}}
)";

// Returns the rules of the numbered colours and shades.
std::string NumberedColors() {
  std::string style;
  for (int color = 0; color < kNumColors; ++color) {
    style += fmt::format(
        "svg .c{0}{{stroke:var(--c{0})}}svg .c{0}.dot,svg .c{0}.bar{{fill:var(--c{0});"
        "stroke:none}}\n",
        color);
  }
  for (int shade = 1; shade <= kNumShades; ++shade) {
    style += fmt::format("svg .s{0}{{fill:var(--s{0})}}", shade);
  }
  return style + "\n";
}

}  // namespace

std::string ColorClass(int color) { return fmt::format("c{}", color % kNumColors); }

std::string PageStyle() {
  return fmt::format(
      ":root{{{}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{}}}}}\n{}{}{}", kLight,
      kDark, kPage, kPicture, NumberedColors());
}

// Programs that turn pictures into pages of a paper know no variables, so each colour is written
// out.
std::string PictureStyle() {
  std::string style = "svg{background:var(--page)}" + (kPicture + NumberedColors());
  const std::string colors = kLight;
  const std::regex named("(--[a-z0-9]+):([^;]+)");
  for (std::sregex_iterator at(colors.begin(), colors.end(), named), end; at != end; ++at) {
    style = std::regex_replace(style, std::regex("var\\(" + at->str(1) + "\\)"), at->str(2));
  }
  return style;
}

}  // namespace reel3d::report
