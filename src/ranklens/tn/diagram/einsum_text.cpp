#include <cmath>
#include <map>

#include <fmt/format.h>

#include "ranklens/tn/diagram/evaluate.h"

namespace ranklens::tn::diagram {
namespace {

/// Writes sums of products as code that einsum would run; letters are the names of the legs where
/// all of a diagram have one letter, else given in the order of appearance.
class EinsumWriter {
 public:
  EinsumWriter(const Diagram& diagram, bool cpp) : cpp_(cpp) {
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
      if (text.empty() && term.coefficient < 0) text += "-";
      if (size != 1) text += fmt::format("{:.4g} * ", size);
      text += product(term, open);
    }
    return text;
  }

 private:
  std::string product(const Term& term, const std::vector<std::string>& open) {
    std::string labels, operands;
    gather(term.factors, labels, operands);
    if (cpp_)
      return fmt::format("tn::contract(\"{}->{}\", {{{}}})", labels, letters(open), operands);
    return fmt::format("einsum('{}->{}', {})", labels, letters(open), operands);
  }

  void gather(const std::vector<Factor>& factors, std::string& labels, std::string& operands) {
    for (const Factor& factor : factors) {
      if (factor.what == Factor::What::Group) {
        gather(factor.inner.front().factors, labels, operands);
        continue;
      }
      std::vector<std::string> names;
      for (const Leg& leg : factor.legs) names.push_back(leg.name);
      if (!operands.empty()) {
        labels += ',';
        operands += ", ";
      }
      labels += letters(names);
      operands += operand(factor, names);
    }
  }

  std::string operand(const Factor& factor, const std::vector<std::string>& names) {
    switch (factor.what) {
      case Factor::What::Function:
        return (cpp_ ? "at::" : "") + factor.name + "(" + sum(factor.inner, names) + ")";
      case Factor::What::Bracket:
        return sum(factor.inner, names);
      default:
        break;
    }
    if (!factor.conjugate) return factor.name;
    return cpp_ ? factor.name + ".conj()" : "conj(" + factor.name + ")";
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
