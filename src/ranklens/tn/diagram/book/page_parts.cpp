#include "ranklens/tn/diagram/book/page_parts.h"

#include <fmt/format.h>

#include "ranklens/tn/diagram/draw.h"
#include "ranklens/tn/diagram/parse.h"
#include "ranklens/tn/diagram/svg.h"

namespace ranklens::tn::diagram::book {

std::string_view page_style() {
  return R"(
:root{--paper:#fff;--ink:#1b1f24;--quiet:#59636e;--line:#d5dbe1;--box:#f5f7f9;--link:#0b5cad;--yes:#136c34;--no:#b3261e}
@media(prefers-color-scheme:dark){:root{--paper:#15181c;--ink:#e7eaee;--quiet:#a2abb5;--line:#363d46;--box:#1d2227;--link:#7ab7f5;--yes:#6fd08c;--no:#ff8a80}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif;display:grid;grid-template-columns:19rem minmax(0,1fr)}
a{color:var(--link)}
nav{position:sticky;top:0;height:100vh;overflow-y:auto;padding:1rem;border-right:1px solid var(--line);font-size:.9rem}
nav h2{font-size:.95rem;margin:1rem 0 .2rem}
nav h2 a{color:inherit;text-decoration:none}
nav ol{list-style:none;margin:0;padding:0}
nav li{break-inside:avoid}
nav li a{display:block;padding:.12rem .3rem;text-decoration:none;border-radius:4px}
nav li a:hover,nav li a.here{background:var(--box)}
nav input{width:100%;font:inherit;padding:.35rem .5rem;margin-top:.2rem;color:inherit;background:var(--box);border:1px solid var(--line);border-radius:6px}
#count{margin:.3rem 0;color:var(--quiet);min-height:1.5em}
main{padding:1rem 2rem 4rem;max-width:62rem;margin:0 auto;width:100%}
h1{margin:.2rem 0 .6rem;line-height:1.2}
section>h2{margin:2.5rem 0 .2rem;border-bottom:2px solid var(--line)}
article{border:1px solid var(--line);border-radius:10px;padding:.8rem 1.1rem;margin:1rem 0}
article:focus{outline:2px solid var(--link)}
h3{margin:.1rem 0 .3rem}
h3 a{text-decoration:none;color:var(--quiet);font-weight:400}
h4{margin:.6rem 0 .15rem;font-size:.8rem;color:var(--quiet);font-weight:600}
p{margin:.4rem 0}
figure{margin:.6rem 0;overflow-x:auto;text-align:center}
figure svg{max-width:none}
.formula{font:italic 1.12rem Georgia,'Times New Roman',serif;line-height:1.7;text-align:center;overflow-wrap:anywhere}
sub,sup{font-size:.72em;line-height:0}
.sizes{text-align:center;color:var(--quiet);font-size:.85rem;margin:.2rem 0}
code{font:.9em ui-monospace,monospace;background:var(--box);border-radius:4px;padding:0 .2em}
pre{margin:0;padding:.5rem .7rem;background:var(--box);border-radius:6px;font:13px/1.45 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
details{margin-top:.6rem}
summary{cursor:pointer;color:var(--quiet);font-size:.85rem}
table{border-collapse:collapse;margin-top:.7rem;width:100%;font-size:.85rem}
td{padding:.2rem .5rem .2rem 0;border-top:1px solid var(--line);vertical-align:top}
td:nth-child(2){white-space:nowrap;font-variant-numeric:tabular-nums}
td span{white-space:nowrap}
.yes{color:var(--yes)}.no{color:var(--no)}
td:last-child{text-align:right;white-space:nowrap}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;margin:.8rem 0;padding:.6rem;background:var(--box);border-radius:8px}
.legend div{display:flex;align-items:center;gap:.3rem;font-size:.85rem}
.keys{color:var(--quiet);font-size:.85rem}
kbd{border:1px solid var(--line);border-radius:4px;padding:0 .35em;background:var(--box);font:inherit}
[hidden]{display:none!important}
@media(max-width:60rem){body{display:block}nav{position:static;height:auto;max-height:45vh;border:0;border-bottom:1px solid var(--line)}nav ol{columns:13rem}main{padding:1rem}article{padding:.7rem .8rem}td:nth-child(2){white-space:normal}figure svg{max-width:100%;height:auto}}
@media print{nav{display:none}body{display:block}article{break-inside:avoid}}
)";
}

std::string_view page_script() {
  return R"(
"use strict";
const items=[...document.querySelectorAll("article")].map(node=>({node,words:node.textContent.toLowerCase(),link:document.querySelector('li[data-of="'+node.id+'"]')}));
const search=document.getElementById("search"),count=document.getElementById("count"),none=document.getElementById("none");
function filter(){
  const words=search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown=0;
  for(const item of items){
    const hit=words.every(word=>item.words.includes(word));
    item.node.hidden=item.link.hidden=!hit;
    shown+=hit;
  }
  for(const section of document.querySelectorAll("section"))section.hidden=![...section.querySelectorAll("article")].some(node=>!node.hidden);
  for(const list of document.querySelectorAll("nav ol"))list.hidden=list.previousElementSibling.hidden=![...list.children].some(node=>!node.hidden);
  none.hidden=shown>0;
  count.textContent=words.length?shown+" of "+items.length+" items":items.length+" items";
}
search.addEventListener("input",filter);
function step(by){
  const shown=items.filter(item=>!item.node.hidden).map(item=>item.node);
  if(!shown.length)return;
  const now=shown.indexOf(document.activeElement.closest("article"));
  let to=now+by;
  if(now<0){
    const below=shown.findIndex(node=>node.getBoundingClientRect().top>=-1);
    to=by>0?(below<0?shown.length-1:below):(below<0?shown.length-1:below-1);
  }
  const node=shown[Math.max(0,Math.min(shown.length-1,to))];
  node.focus({preventScroll:true});
  node.scrollIntoView({block:"start"});
}
addEventListener("keydown",event=>{
  if(event.ctrlKey||event.metaKey||event.altKey)return;
  const typing=event.target===search;
  if(event.key==="Escape"){search.value="";filter();search.blur();}
  else if(event.key==="/"&&!typing){event.preventDefault();search.focus();search.select();}
  else if(event.key==="j"&&!typing)step(1);
  else if(event.key==="k"&&!typing)step(-1);
  else if(event.key==="Enter"&&typing){search.blur();step(1);}
});
// The browser jumps to the item of the address; one that the search hides is shown again.
addEventListener("hashchange",()=>{
  const node=document.getElementById(location.hash.slice(1));
  if(node&&node.closest("[hidden]")){search.value="";filter();node.scrollIntoView();}
});
// The item at the top of the window is marked in the contents, and they scroll to it.
let waiting=false;
function mark(){
  waiting=false;
  const here=items.find(item=>!item.node.hidden&&item.node.getBoundingClientRect().bottom>80);
  for(const item of items)item.link.firstElementChild.classList.toggle("here",item===here);
  const nav=document.querySelector("nav");
  if(!here||getComputedStyle(nav).position!=="sticky")return;
  const box=here.link.getBoundingClientRect();
  if(box.top<0||box.bottom>nav.clientHeight)nav.scrollTop+=box.top-nav.clientHeight/2;
}
addEventListener("scroll",()=>{if(!waiting){waiting=true;requestAnimationFrame(mark);}},{passive:true});
filter();
mark();
)";
}

std::string legend() {
  struct Sample {
    const char *declaration, *factor, *meaning, *open = "a left, b right";
  };
  constexpr Sample entries[] = {
      {"tensor T[a:3,b:3]", "T[a,b]", "any tensor"},
      {"isometry U[a:3;b:3]", "U[a,b]", "isometry"},
      {"unitary Q[a:3;b:3]", "Q[a,b]", "unitary"},
      {"diagonal D[a:3,b:3]", "D[a,b]", "diagonal"},
      {"symmetric S[a:3,b:3]", "S[a,b]", "symmetric"},
      {"antisymmetric A[a:3,b:3]", "A[a,b]", "antisymmetric"},
      {"positive P[a:3;b:3]", "P[a,b]", "positive"},
      {"", "copy[a:3,b]", "copy"},
      {"", "ones[b:3]", "ones", "b left"},
      {"", "id[a:3,b]", "identity"},
      {"tensor T[b:3,c:4]", "T[b,c] fuse[b,c;a]", "grouping of legs", "a right"},
      {"tensor x[b:3]", "relu(x[b])", "function of every element", "b left"},
  };
  std::string html = "<div class=\"legend\" aria-label=\"What the shapes mean\">\n";
  for (const auto& [declaration, factor, meaning, open] : entries) {
    const std::string text = fmt::format("{} diagram d: {} -> {}", declaration, factor, open);
    Document document = parse(text, "the legend");
    Scene scene = draw(document.diagrams.front());
    std::erase_if(scene.texts, [](const Text& t) { return t.role == Text::Role::Leg; });
    html += fmt::format("<div>{} {}</div>\n", svg(scene, meaning, Style::OfPage), meaning);
  }
  return html + "</div>\n";
}

}  // namespace ranklens::tn::diagram::book
