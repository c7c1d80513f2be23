#include "ranklens/tn/diagram/check.h"

#include <algorithm>

#include <fmt/format.h>

#include "ranklens/tn/diagram/scan.h"
#include "ranklens/tn/diagram/sizes.h"

namespace ranklens::tn::diagram {
namespace {

using Names = std::vector<std::string>;

bool has_name(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

class Checker {
 public:
  Checker(Document& document, std::string_view what) : document_(document), what_(what) {}

  void run() {
    if (document_.diagrams.empty()) fail_at(what_, {}, "there is no diagram");
    for (Declaration& tensor : document_.tensors) sizes_of(tensor);
    for (Diagram& diagram : document_.diagrams) check_diagram(diagram);
  }

 private:
  void sizes_of(Declaration& tensor) {
    Names seen;
    for (const Leg& leg : tensor.legs) {
      if (has_name(seen, leg.name)) {
        fail_at(what_, leg.place,
                fmt::format("tensor '{}' is declared with leg '{}' twice", tensor.name, leg.name));
      }
      seen.push_back(leg.name);
      const auto known = document_.sizes.find(leg.name);
      if (known != document_.sizes.end() && leg.size && *leg.size != known->second) {
        fail_disagreement(what_, leg, known->second, *leg.size);
      }
      if (known == document_.sizes.end() && !leg.size) {
        fail_at(what_, leg.place,
                fmt::format("the size of leg '{}' is not known: write {}:3, or a line 'size {}=3'",
                            leg.name, leg.name, leg.name));
      }
      tensor.sizes.push_back(leg.size ? *leg.size : known->second);
    }
    check_kind(tensor);
  }

  void check_kind(const Declaration& t) const {
    const auto wrong = [&](const std::string& why) {
      fail_at(what_, t.place, fmt::format("{} '{}' {}", to_string(t.kind), t.name, why));
    };
    const std::int64_t before = product_of_sizes(t.sizes, 0, t.split);
    const std::int64_t after = product_of_sizes(t.sizes, t.split, t.sizes.size());
    const bool two_sides = t.split > 0 && t.split < t.legs.size();
    const bool equal = std::all_of(t.sizes.begin(), t.sizes.end(),
                                   [&](std::int64_t size) { return size == t.sizes.front(); });
    switch (t.kind) {
      case Kind::Isometry:
        if (!two_sides) wrong("needs legs on both sides of ';'");
        if (before < after) wrong("is larger behind ';' than before it");
        break;
      case Kind::Unitary:
      case Kind::Positive:
        if (!two_sides) wrong("needs legs on both sides of ';'");
        if (before != after) wrong("is not square: its sides differ in size");
        break;
      case Kind::Diagonal:
        if (t.legs.size() != 2) wrong("has two legs");
        [[fallthrough]];
      case Kind::Symmetric:
      case Kind::Antisymmetric:
        if (t.legs.size() < 2) wrong("has at least two legs");
        if (!equal) wrong("has legs of one size");
        break;
      default:
        break;
    }
    if (t.kind == Kind::Antisymmetric && t.sizes.front() < static_cast<std::int64_t>(t.legs.size()))
      wrong("is zero: it has more legs than a leg has values");
  }

  void check_diagram(Diagram& diagram) {
    Names open;
    for (const OpenLeg& leg : diagram.open) {
      if (has_name(open, leg.name)) {
        fail_at(what_, leg.place, fmt::format("leg '{}' is open twice", leg.name));
      }
      open.push_back(leg.name);
    }
    for (Sum& side : diagram.sides) {
      for (Term& term : side) check_term(term, &open);
    }
    find_sizes(document_, diagram, what_);
  }

  /// The open legs of a term, in the order in which they occur; `expected` are those that must be
  /// open, where that is known.
  Names check_term(Term& term, const Names* expected) {
    std::vector<const Leg*> all;
    collect(term.factors, all);
    Names open;
    for (const Leg* leg : all) {
      const auto uses = std::count_if(all.begin(), all.end(),
                                      [&](const Leg* other) { return other->name == leg->name; });
      if (uses > 2) {
        fail_at(what_, leg->place,
                fmt::format("leg '{}' is used {} times in one product: more than two ends are "
                            "joined by copy[...]",
                            leg->name, uses));
      }
      if (uses == 1) open.push_back(leg->name);
      if (!expected || has_name(*expected, leg->name) == (uses == 1)) continue;
      fail_at(what_, leg->place,
              uses == 1 ? fmt::format("leg '{}' dangles: no other tensor has it, and it is not "
                                      "among the open legs behind '->'",
                                      leg->name)
                        : fmt::format("leg '{}' is open, but used twice: copy[...] gives it "
                                      "another end",
                                      leg->name));
    }
    if (expected) missing(term, *expected, open);
    return open;
  }

  void missing(const Term& term, const Names& expected, const Names& open) const {
    for (const std::string& name : expected) {
      if (!has_name(open, name)) {
        fail_at(what_, term.place, fmt::format("open leg '{}' is not in this product", name));
      }
    }
  }

  /// The legs of all factors; checks the factors themselves on the way.
  void collect(std::vector<Factor>& factors, std::vector<const Leg*>& all) {
    for (Factor& factor : factors) {
      if (factor.what == Factor::What::Group) {
        collect(factor.inner.front().factors, all);
        continue;
      }
      if (factor.what == Factor::What::Tensor) {
        check_tensor(factor);
      } else {
        inner_legs(factor);
      }
      for (const Leg& leg : factor.legs) all.push_back(&leg);
    }
  }

  void inner_legs(Factor& factor) {
    Names open;
    for (std::size_t k = 0; k < factor.inner.size(); ++k) {
      Names mine = check_term(factor.inner[k], nullptr);
      if (k == 0) {
        open = std::move(mine);
        continue;
      }
      missing(factor.inner[k], open, mine);
      for (const std::string& name : mine) {
        if (!has_name(open, name)) {
          fail_at(
              what_, factor.inner[k].place,
              fmt::format("leg '{}' is open in this term and not in the first of its sum", name));
        }
      }
    }
    for (const std::string& name : open) {
      factor.legs.push_back({.name = name, .place = factor.place});
    }
    factor.split = factor.legs.size();
  }

  void check_tensor(Factor& factor) const {
    const auto wrong = [&](const std::string& why) {
      fail_at(what_, factor.place, fmt::format("'{}' {}", factor.name, why));
    };
    switch (factor.kind) {
      case Kind::Identity:
        if (factor.legs.size() != 2) wrong("is a line: it has two legs");
        return;
      case Kind::Copy:
        if (factor.legs.empty()) wrong("needs at least one leg");
        return;
      case Kind::Fuse:
        if (factor.split + 1 != factor.legs.size() || factor.split == 0)
          wrong("needs legs, ';' and the one leg that they become, as in fuse[i, j; p]");
        return;
      case Kind::Ones:
      case Kind::Zeros:
        return;
      default:
        break;
    }
    const Declaration& declared = *find(document_, factor.name);
    if (declared.legs.size() != factor.legs.size()) {
      wrong(fmt::format("has {} legs, not {}", declared.legs.size(), factor.legs.size()));
    }
    if (factor.split != factor.legs.size() && factor.split != declared.split) {
      wrong("is declared with ';' elsewhere");
    }
    factor.split = declared.split;
  }

  Document& document_;
  std::string_view what_;
};

}  // namespace

void check(Document& document, std::string_view what) { Checker(document, what).run(); }

}  // namespace ranklens::tn::diagram
