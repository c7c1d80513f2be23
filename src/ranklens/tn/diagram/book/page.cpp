#include "ranklens/tn/diagram/book/page.h"

#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/markup.h"
#include "ranklens/tn/diagram/book/page_parts.h"
#include "ranklens/tn/diagram/draw.h"
#include "ranklens/tn/diagram/parse.h"
#include "ranklens/tn/diagram/scene.h"
#include "ranklens/tn/diagram/svg.h"

namespace ranklens::tn::diagram::book {
namespace {

constexpr double kWidest = 480;  // pixels: shrunk to the width of a telephone it can be read

std::string code_html(std::string_view label, std::string_view code) {
  return fmt::format("<div class=\"code\"><h4>{}</h4><pre tabindex=\"0\">{}</pre></div>\n", label,
                     base::escape_html(code));
}

/// Code as the preprocessor gives it, without the spaces it leaves where lines were broken.
std::string without_breaks(std::string code) {
  for (const auto& [broken, whole] :
       {std::pair{"( ", "("}, std::pair{" .", "."}, std::pair{"{ {", "{{"}}) {
    for (auto at = code.find(broken); at != std::string::npos; at = code.find(broken, at))
      code.replace(at, std::string_view(broken).size(), whole);
  }
  return code;
}

/// A text in which `...` is code.
std::string text_html(std::string_view text) {
  std::string html;
  bool code = false;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('`', begin), text.size());
    html += base::escape_html(text.substr(begin, end - begin));
    if (end < text.size()) {
      code = !code;
      html += code ? "<code>" : "</code>";
    }
    begin = end + 1;
  }
  return html;
}

/// "Sizes: i 3, j 4".
std::string sizes_html(const Diagram& diagram) {
  std::string list;
  for (const auto& [name, size] : diagram.sizes) {
    const auto [letter, index] = name_and_index(name);
    list +=
        fmt::format("{}<i>{}{}</i>&nbsp;{}", list.empty() ? "" : ", ", base::escape_html(letter),
                    index.empty() ? "" : "<sub>" + base::escape_html(index) + "</sub>", size);
  }
  return list.empty() ? "" : "<p class=\"sizes\">Sizes of the legs: " + list + "</p>\n";
}

/// The source of an item, a statement a line.
std::string source_lines(std::string_view source) {
  std::string text;
  std::size_t begin = 0;
  while (begin < source.size()) {
    const auto end = std::min(source.find('\n', begin), source.size());
    std::string_view line = source.substr(begin, end - begin);
    const auto at = line.find(" diagram ");
    if (at != std::string_view::npos) {
      text += std::string(line.substr(0, at)) + "\n";
      line.remove_prefix(at + 1);
    }
    text += std::string(line) + "\n";
    begin = end + 1;
  }
  return text;
}

std::string facts_html(const Verified& verified) {
  std::string rows;
  const auto row = [&](const std::string& what, const std::string& numbers, bool holds) {
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td class=\"{}\">{}</td></tr>\n", what, numbers,
                        holds ? "yes" : "no", holds ? "holds" : "does not hold");
  };
  for (std::size_t side = 0; side < verified.errors.size(); ++side) {
    const std::string what =
        verified.errors.size() == 1
            ? "drawing against second way"
            : fmt::format("side {} of the drawing against second way", side + 1);
    row(what, fmt::format("error <span>{:.1e}</span>", verified.errors[side]),
        verified.errors[side] <= verified.tolerance);
  }
  for (const Fact& fact : verified.facts) {
    row(formula_html(fact.text),
        fmt::format("<span>{:.6g}</span> {} <span>{:.6g}</span>", fact.value,
                    !fact.at_most        ? "="
                    : fact.tolerance < 0 ? "<"
                                         : "≤",
                    fact.bound),
        fact.holds());
  }
  for (const std::string& name : verified.broken) {
    row(fmt::format("tensor {} is of its kind", base::escape_html(name)), "", false);
  }
  return "<table>\n" + rows + "</table>\n";
}

std::string entry_html(const Entry& entry) {
  const Item& item = entry.item;
  const Document document = parse(item.source, fmt::format("item '{}'", item.id));
  const Diagram& diagram = document.diagrams.front();
  std::string html = fmt::format(
      "<article id=\"{}\" tabindex=\"-1\"><h3>{} <a href=\"#{}\" aria-label=\"link to this "
      "item\">#</a></h3>\n<p>{}</p>\n",
      item.id, base::escape_html(item.title), item.id, text_html(item.text));
  html += "<figure tabindex=\"0\">" +
          svg(draw(diagram, {.most_width = kWidest}), item.title, Style::OfPage) + "</figure>\n";
  html += "<p class=\"formula\">" + formula_html(item.formula) + "</p>\n" + sizes_html(diagram);
  html += code_html("einsum", einsum_text(diagram));
  html += code_html("C++, as drawn", contract_text(diagram));
  html += code_html("C++, the second way", without_breaks(std::string(item.code)));
  html += fmt::format(
      "<details><summary>in this notation</summary><pre tabindex=\"0\">{}</pre></details>\n",
      base::escape_html(source_lines(item.source)));
  return html + facts_html(entry.verified) + "</article>\n";
}

std::string contents_html(const std::vector<Chapter>& chapters) {
  std::string html =
      "<nav aria-label=\"Contents\"><label>Search <input id=\"search\" type=\"search\" "
      "placeholder=\"press /\"></label><p id=\"count\" role=\"status\"></p>\n";
  for (std::size_t k = 0; k < chapters.size(); ++k) {
    html += fmt::format("<h2><a href=\"#chapter{}\">{}</a></h2>\n<ol>\n", k + 1,
                        base::escape_html(chapters[k].name));
    for (const Entry& entry : chapters[k].entries) {
      html += fmt::format("<li data-of=\"{0}\"><a href=\"#{0}\">{1}</a>{2}</li>\n", entry.item.id,
                          base::escape_html(entry.item.title),
                          entry.verified.holds ? "" : " <b class=\"no\">fails</b>");
    }
    html += "</ol>\n";
  }
  return html + "</nav>\n";
}

std::string introduction(const std::vector<Chapter>& chapters, std::uint64_t seed) {
  std::size_t items = 0, failed = 0;
  double worst = 0;
  for (const Chapter& chapter : chapters) {
    for (const Entry& entry : chapter.entries) {
      ++items;
      failed += !entry.verified.holds;
      worst = std::max(worst, entry.verified.worst());
    }
  }
  const std::string verdict =
      failed == 0 ? fmt::format("All {} items hold; the largest error is {:.1e}.", items, worst)
                  : fmt::format("{} of {} items do not hold.", failed, items);
  return fmt::format(
      "<header><h1>Tensor notation, checked</h1>\n"
      "<p>Every drawing on this page was computed as it is drawn, and once more in another way: by "
      "plain loops or by a named operator of libtorch. The error is the norm of the difference "
      "over the norm. Tensors are random (seed {}), of the kind that their shape shows, or are "
      "computed from such ones.</p>\n"
      "<p class=\"{}\"><b>{}</b></p>\n{}"
      "<p>A name at a line is the name of its index, a thick line an index of many values, a star "
      "a complex conjugate, a dashed line what is joined first, a frame a sum in brackets.</p>\n"
      "<p>In the code, <code>copy(3, 3, 3)</code>, <code>ones(3)</code>, <code>zeros(3, 4)</code> "
      "and "
      "<code>eye(3)</code> are the tensors of those names with legs of these sizes, and "
      "<code>fuse(3, 4)</code> groups two legs of 3 and 4 values into one of 12. In the second way "
      "<code>t(\"A\", i, j)</code> is an element, <code>each(sizes, f)</code> the tensor whose "
      "element at every index is what <code>f</code> gives, <code>sum(sizes, f)</code> the sum of "
      "that over every index; <code>at::</code> is libtorch.</p>\n"
      "<p class=\"keys\">Keys: <kbd>/</kbd> search, <kbd>j</kbd> and <kbd>k</kbd> next and "
      "previous "
      "item, <kbd>Esc</kbd> clears the search.</p></header>\n",
      seed, failed == 0 ? "yes" : "no", verdict, legend());
}

void check_disturbed(const std::vector<Group>& groups, std::string_view id, std::size_t number) {
  std::vector<std::string> ids;
  for (const Group& group : groups) {
    for (const Item& item : group.items) {
      ids.emplace_back(item.id);
      if (item.id != id) continue;
      const auto count = drawn_tensors(parse(item.source, "'item'").diagrams.front());
      base::require(number < count, "item '{}' draws {} tensors: there is no number {}", id, count,
                    number);
      return;
    }
  }
  base::fail("no item of the book is called '{}'{}", id, base::nearest_hint(std::string(id), ids));
}

}  // namespace

std::vector<Chapter> evaluated(const std::vector<Group>& groups, std::uint64_t seed,
                               std::string_view disturbed, std::size_t number) {
  if (!disturbed.empty()) check_disturbed(groups, disturbed, number);
  std::vector<Chapter> chapters;
  for (const Group& group : groups) {
    Chapter chapter{std::string(group.name), std::string(group.text), {}};
    for (const Item& item : group.items) {
      const auto options =
          item.id == disturbed ? EvaluateOptions{disturbing(number)} : EvaluateOptions{};
      chapter.entries.push_back({item, verify(item, seed, options)});
    }
    chapters.push_back(std::move(chapter));
  }
  return chapters;
}

std::string formula_html(std::string_view formula) {
  std::string html;
  std::vector<std::string_view> open;
  for (std::size_t k = 0; k < formula.size(); ++k) {
    const bool index = k + 1 < formula.size() && formula[k + 1] == '{';
    if (index && (formula[k] == '_' || formula[k] == '^')) {
      open.push_back(formula[k] == '_' ? "sub" : "sup");
      html += fmt::format("<{}>", open.back());
      ++k;
    } else if (formula[k] == '}' && !open.empty()) {
      html += fmt::format("</{}>", open.back());
      open.pop_back();
    } else {
      html += base::escape_html(formula.substr(k, 1));
    }
  }
  return html;
}

std::string page(const std::vector<Chapter>& chapters, std::uint64_t seed) {
  std::string html =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"generator\" content=\"ranklens\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<title>Tensor notation, checked</title>\n<style>";
  html += page_style();
  html += svg_style();
  html += "</style></head><body>\n";
  html += contents_html(chapters) + "<main>\n" + introduction(chapters, seed);
  for (std::size_t k = 0; k < chapters.size(); ++k) {
    html += fmt::format("<section id=\"chapter{}\"><h2>{}. {}</h2><p>{}</p>\n", k + 1, k + 1,
                        base::escape_html(chapters[k].name), base::escape_html(chapters[k].text));
    for (const Entry& entry : chapters[k].entries) html += entry_html(entry);
    html += "</section>\n";
  }
  html += "<p id=\"none\" hidden>Nothing is found.</p></main>\n<script>";
  html += page_script();
  return html + "</script></body></html>\n";
}

}  // namespace ranklens::tn::diagram::book
