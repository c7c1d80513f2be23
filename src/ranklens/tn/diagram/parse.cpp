#include "ranklens/tn/diagram/parse.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/diagram/check.h"
#include "ranklens/tn/diagram/functions.h"
#include "ranklens/tn/diagram/scan.h"
#include "ranklens/tn/diagram/words.h"

namespace ranklens::tn::diagram {
namespace {

constexpr int kDeepest = 40;                // brackets within brackets
constexpr std::size_t kMostFactors = 2000;  // of a document
constexpr double kLargestSize = 1e12;

class Parser {
 public:
  Parser(std::string_view text, std::string_view what) : what_(what), tokens_(scan(text, what)) {}

  Document document() {
    while (here().what != Token::What::End) statement();
    return std::move(document_);
  }

 private:
  const Token& here() const { return tokens_[at_]; }
  const Token& next() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool at_mark(std::string_view mark) const {
    return here().what == Token::What::Mark && here().text == mark;
  }
  bool at_word(std::string_view word) const {
    return here().what == Token::What::Word && here().text == word;
  }
  bool take(std::string_view mark) {
    const bool there = at_mark(mark);
    if (there) next();
    return there;
  }
  bool take_word(std::string_view word) {
    const bool there = at_word(word);
    if (there) next();
    return there;
  }
  [[noreturn]] void expected(const std::string& wanted) const {
    fail_at(what_, here().place,
            here().what == Token::What::End
                ? fmt::format("the text ends where {} should stand", wanted)
                : fmt::format("'{}' stands where {} should", here().text, wanted));
  }
  void want(std::string_view mark) {
    if (!take(mark)) expected(fmt::format("'{}'", mark));
  }
  Token word(const std::string& wanted) {
    if (here().what != Token::What::Word) expected(wanted);
    return next();
  }
  double number(const std::string& wanted) {
    const bool minus = take("-");
    if (here().what != Token::What::Number) expected(wanted);
    return minus ? -next().number : next().number;
  }

  void statement() {
    const Token start = word("a statement");
    if (start.text == "title") {
      if (here().what != Token::What::Text) expected("a title in quotes");
      document_.title = next().text;
    } else if (start.text == "complex") {
      document_.complex = true;
    } else if (start.text == "size") {
      do {
        size_of_leg();
      } while (take(","));
    } else if (start.text == "layout") {
      const Token name = word("an arrangement");
      const auto found = arrangement_of(name.text);
      if (!found) unknown("arrangement", name, arrangement_words());
      arrangement_ = *found;
    } else if (start.text == "diagram") {
      diagram();
    } else if (const auto kind = declared_kind(start.text)) {
      do {
        declaration(*kind);
      } while (take(","));
    } else {
      unknown("statement or kind of tensor", start, statement_words());
    }
  }

  [[noreturn]] void unknown(const std::string& thing, const Token& name,
                            const std::vector<std::string>& known) const {
    fail_at(
        what_, name.place,
        fmt::format("unknown {} '{}'{}", thing, name.text, base::nearest_hint(name.text, known)));
  }

  void size_of_leg() {
    const Token name = word("the name of a leg");
    want("=");
    const auto [entry, fresh] = document_.sizes.try_emplace(name.text, size());
    if (!fresh) fail_at(what_, name.place, fmt::format("leg '{}' has a size already", name.text));
  }

  std::int64_t size() {
    const Place place = here().place;
    const double value = number("a size");
    if (!(value >= 1 && value <= kLargestSize) ||
        value != static_cast<double>(static_cast<std::int64_t>(value))) {
      fail_at(what_, place, "a size is a whole number from 1 on");
    }
    return static_cast<std::int64_t>(value);
  }

  /// "[a, b:3; c]"; returns how many legs stand before ';' (all, where there is none).
  std::size_t legs(std::vector<Leg>& list) {
    want("[");
    std::optional<std::size_t> split;
    while (!at_mark("]")) {
      const Token name = word("the name of a leg");
      Leg leg{.name = name.text, .place = name.place};
      if (take(":")) leg.size = size();
      list.push_back(std::move(leg));
      if (at_mark(";") && !split) {
        next();
        split = list.size();
      } else if (!at_mark("]")) {
        want(",");
      }
    }
    next();
    return split.value_or(list.size());
  }

  void declaration(Kind kind) {
    const Token name = word("the name of a tensor");
    if (reserved(name.text)) {
      fail_at(what_, name.place, fmt::format("'{}' is a word of the language", name.text));
    }
    if (find(document_, name.text)) {
      fail_at(what_, name.place, fmt::format("tensor '{}' is declared already", name.text));
    }
    Declaration tensor{.name = name.text, .kind = kind, .place = name.place};
    tensor.split = legs(tensor.legs);
    document_.tensors.push_back(std::move(tensor));
  }

  void diagram() {
    const Token name = word("the name of a diagram");
    Diagram result{.name = name.text, .arrangement = arrangement_, .place = name.place};
    for (const Diagram& other : document_.diagrams) {
      if (other.name == name.text) {
        fail_at(what_, name.place, fmt::format("diagram '{}' is there already", name.text));
      }
    }
    want(":");
    do {
      result.sides.push_back(sum(0));
    } while (take("="));
    if (take("->")) {
      do {
        result.open.push_back(open_leg());
      } while (take(","));
    }
    if (take_word("within")) {
      const Place place = here().place;
      result.tolerance = number("a tolerance");
      if (!(result.tolerance > 0)) fail_at(what_, place, "a tolerance is a number above 0");
    }
    document_.diagrams.push_back(std::move(result));
  }

  OpenLeg open_leg() {
    const Token name = word("the name of an open leg");
    OpenLeg leg{.name = name.text, .place = name.place};
    if (here().what == Token::What::Word) {
      if (const auto side = side_of(here().text)) {
        leg.side = *side;
        next();
        leg.bent = take_word("bent");
      }
    }
    return leg;
  }

  Sum sum(int depth) {
    if (depth > kDeepest) fail_at(what_, here().place, "brackets are nested too deeply");
    Sum terms;
    bool minus = take("-");
    do {
      terms.push_back(term(depth));
      if (minus) terms.back().coefficient *= -1;
      minus = at_mark("-");
    } while (take("+") || take("-"));
    return terms;
  }

  bool at_factor() const {
    if (at_mark("(") || at_mark("{")) return true;
    if (here().what != Token::What::Word || at_ + 1 >= tokens_.size()) return false;
    const Token& after = tokens_[at_ + 1];
    return after.what == Token::What::Mark &&
           (after.text == "[" || after.text == "(" || after.text == "*");
  }

  Term term(int depth) {
    Term result;
    result.place = here().place;
    if (here().what == Token::What::Number) result.coefficient = next().number;
    while (at_factor()) result.factors.push_back(factor(depth));
    if (result.factors.empty()) expected("a tensor with its legs, as in A[i, j],");
    return result;
  }

  Factor factor(int depth) {
    if (++factors_ > kMostFactors) fail_at(what_, here().place, "there are too many tensors");
    Factor result{.place = here().place};
    if (take("(")) {
      result.what = Factor::What::Bracket;
      result.inner = sum(depth + 1);
      want(")");
    } else if (take("{")) {
      result.what = Factor::What::Group;
      if (here().what == Token::What::Text) result.name = next().text;
      result.inner = {term(depth + 1)};
      if (result.inner.front().coefficient != 1) {
        fail_at(what_, result.place, "a dashed group holds tensors only, no number");
      }
      want("}");
      return result;
    } else {
      named(result, depth);
    }
    if (take("@")) result.at = point();
    return result;
  }

  void named(Factor& result, int depth) {
    const Token name = next();
    result.name = name.text;
    result.conjugate = take("*");
    if (at_mark("(")) {
      if (!find_function(name.text)) unknown("function", name, function_names());
      if (result.conjugate) fail_at(what_, name.place, "a function is not conjugated");
      next();
      result.what = Factor::What::Function;
      result.inner = sum(depth + 1);
      want(")");
      return;
    }
    if (const auto kind = built_in_kind(name.text)) {
      result.kind = *kind;
    } else if (const Declaration* declared = find(document_, name.text)) {
      result.kind = declared->kind;
    } else {
      auto known = built_in_words();
      for (const auto& tensor : document_.tensors) known.push_back(tensor.name);
      unknown("tensor", name, known);
    }
    result.split = legs(result.legs);
  }

  Point point() {
    want("(");
    const double x = number("a coordinate");
    want(",");
    const double y = number("a coordinate");
    if (std::abs(x) > 1000 || std::abs(y) > 1000) {
      fail_at(what_, here().place, "a coordinate lies within 1000 units");
    }
    want(")");
    return {x, y};
  }

  std::string_view what_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t factors_ = 0;
  Arrangement arrangement_ = Arrangement::Auto;
  Document document_;
};

}  // namespace

Document parse(std::string_view text, std::string_view what) {
  Document document = Parser(text, what).document();
  check(document, what);
  return document;
}

}  // namespace ranklens::tn::diagram
