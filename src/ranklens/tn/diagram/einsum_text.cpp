#include <cmath>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ranklens/tn/diagram/evaluate.h"

namespace ranklens::tn::diagram {
namespace {

/// Writes sums of products as code that einsum would run; letters are the names of the legs where
/// all of a diagram have one letter, else given in the order of appearance.
class EinsumWriter {
 public:
  EinsumWriter(const Diagram& diagram, bool cpp) : sizes_(diagram.sizes), cpp_(cpp) {
    for (const auto& [name, size] : diagram.sizes) {
      if (name.size() > 1 ||
          !((name[0] >= 'a' && name[0] <= 'z') || (name[0] >= 'A' && name[0] <= 'Z')))
        own_names_ = false;
    }
  }

  std::string sum(const Sum& terms, const std::vector<std::string>& open) {
    std::string text;
    for (const Term& term : terms) {
      const double size = std::abs(term.coefficient);
      if (!text.empty()) text += term.coefficient < 0 ? " - " : " + ";
      if (text.empty() && term.coefficient < 0) text += '-';
      if (size != 1) text += fmt::format("{:.4g} * ", size);
      text += product(term, open);
    }
    return text;
  }

 private:
  std::string product(const Term& term, const std::vector<std::string>& open) {
    std::vector<std::string> labels, operands;
    for (const Factor& factor : term.factors) {
      const auto names = outer_legs(factor);
      labels.push_back(letters(names));
      operands.push_back(operand(factor, names));
    }
    const std::string result = letters(open);
    if (operands.size() == 1 && labels[0] == result) {
      const bool several = term.factors[0].what == Factor::What::Bracket;
      return several ? "(" + operands[0] + ")" : operands[0];
    }
    const auto equation = fmt::format("{}->{}", fmt::join(labels, ","), result);
    const auto tensors = fmt::format("{}", fmt::join(operands, ", "));
    return cpp_ ? fmt::format("tn::contract(\"{}\", {{{}}})", equation, tensors)
                : fmt::format("einsum('{}', {})", equation, tensors);
  }

  std::string operand(const Factor& factor, const std::vector<std::string>& names) {
    switch (factor.what) {
      case Factor::What::Function:
        return (cpp_ ? "at::" : "") + factor.name + "(" + sum(factor.inner, names) + ")";
      case Factor::What::Bracket:
        return sum(factor.inner, names);
      case Factor::What::Group:
        return product(factor.inner.front(), names);
      default:
        break;
    }
    if (factor.kind >= Kind::Copy) return built_in(factor, names);
    if (!factor.conjugate) return factor.name;
    return cpp_ ? factor.name + ".conj()" : "conj(" + factor.name + ")";
  }

  /// With the sizes of its legs: of an identity one, of a fuse those that are grouped.
  std::string built_in(const Factor& factor, std::vector<std::string> names) const {
    if (factor.kind == Kind::Identity) names.resize(1);
    if (factor.kind == Kind::Fuse) names.pop_back();
    std::vector<std::int64_t> sizes;
    for (const std::string& name : names) sizes.push_back(sizes_.at(name));
    return fmt::format("{}({})", factor.kind == Kind::Identity ? "eye" : to_string(factor.kind),
                       fmt::join(sizes, ", "));
  }

  std::string letters(const std::vector<std::string>& names) {
    constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    std::string text;
    for (const std::string& name : names) {
      if (own_names_) {
        text += name;
        continue;
      }
      const std::size_t number = letter_.try_emplace(name, letter_.size()).first->second;
      text +=
          number < alphabet.size() ? std::string(1, alphabet[number]) : fmt::format("[{}]", number);
    }
    return text;
  }

  const std::map<std::string, std::int64_t>& sizes_;
  std::map<std::string, std::size_t> letter_;
  bool own_names_ = true;
  bool cpp_;
};

std::string text_of_sides(const Diagram& diagram, bool cpp) {
  std::vector<std::string> open;
  for (const OpenLeg& leg : diagram.open) open.push_back(leg.name);
  EinsumWriter writer(diagram, cpp);
  std::string text;
  for (const Sum& side : diagram.sides) {
    if (!text.empty()) text += "\n= ";
    text += writer.sum(side, open);
  }
  return text;
}

}  // namespace

std::string einsum_text(const Diagram& diagram) { return text_of_sides(diagram, false); }
std::string contract_text(const Diagram& diagram) { return text_of_sides(diagram, true); }

}  // namespace ranklens::tn::diagram
