#include "ranklens/tn/contraction/expression.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/base/utf8.h"

namespace ranklens::tn {
namespace {

/// Numbers names in the order in which they are first met.
class Numbering {
 public:
  Label operator()(const std::string& name) {
    const auto [at, added] = number_.try_emplace(name, static_cast<Label>(names_.size()));
    if (added) names_.push_back(name);
    return at->second;
  }
  bool knows(const std::string& name) const { return number_.count(name) > 0; }
  std::vector<std::string> take_names() { return std::move(names_); }

 private:
  std::unordered_map<std::string, Label> number_;
  std::vector<std::string> names_;
};

std::vector<std::string> term_names(std::u32string_view term) {
  std::vector<std::string> names;
  for (const char32_t point : term) {
    if (point == U' ') continue;
    base::require(point != U'-' && point != U'>' && point != U'.',
                  "'{}' is no label of an equation; an equation is written like 'ij,jk->ik'",
                  base::encode_utf8(point));
    names.push_back(base::encode_utf8(point));
  }
  return names;
}

std::vector<std::vector<std::string>> operand_names(std::u32string_view left) {
  std::vector<std::vector<std::string>> operands;
  for (;;) {
    const auto comma = left.find(U',');
    operands.push_back(term_names(left.substr(0, comma)));
    if (comma == std::u32string_view::npos) return operands;
    left.remove_prefix(comma + 1);
  }
}

/// What einsum means by an equation without "->".
std::vector<std::string> implied_output(const std::vector<std::vector<std::string>>& inputs) {
  std::map<std::string, int> count;  // the order of UTF-8 bytes is that of code points
  for (const auto& input : inputs) {
    for (const auto& name : input) ++count[name];
  }
  std::vector<std::string> output;
  for (const auto& [name, times] : count) {
    if (times == 1) output.push_back(name);
  }
  return output;
}

std::vector<std::string> names_of(const std::vector<std::int64_t>& labels) {
  std::vector<std::string> names;
  for (const auto label : labels) names.push_back(std::to_string(label));
  return names;
}

void require_size(std::int64_t size, const std::string& name) {
  base::require(size >= 1, "label '{}' has size {}; a size is at least 1", name, size);
}

Expression unsized(Equation equation) {
  const auto count = equation.names.size();
  return {.inputs = std::move(equation.inputs),
          .output = std::move(equation.output),
          .sizes = std::vector<std::int64_t>(count, 0),
          .names = std::move(equation.names)};
}

}  // namespace

Shape Expression::shape_of(const Labels& labels) const {
  Shape shape;
  shape.reserve(labels.size());
  for (const auto label : labels) shape.push_back(sizes[static_cast<std::size_t>(label)]);
  return shape;
}

Equation parse_equation(const std::vector<std::vector<std::string>>& inputs,
                        const std::vector<std::string>& output) {
  base::require(!inputs.empty(), "an equation has at least one operand");
  Numbering number;
  Equation equation;
  for (const auto& input : inputs) {
    Labels labels;
    for (const auto& name : input) labels.push_back(number(name));
    equation.inputs.push_back(std::move(labels));
  }
  for (const auto& name : output) {
    base::require(number.knows(name), "the output has the label '{}', which no operand has", name);
    const auto label = number(name);
    base::require(
        std::find(equation.output.begin(), equation.output.end(), label) == equation.output.end(),
        "the output has the label '{}' twice", name);
    equation.output.push_back(label);
  }
  equation.names = number.take_names();
  return equation;
}

Equation parse_equation(const std::vector<std::vector<std::int64_t>>& inputs,
                        const std::vector<std::int64_t>& output) {
  std::vector<std::vector<std::string>> operands;
  for (const auto& input : inputs) operands.push_back(names_of(input));
  return parse_equation(operands, names_of(output));
}

Equation parse_equation(std::string_view equation) {
  const std::u32string points = base::decode_utf8(equation);
  const std::u32string_view all = points;
  const auto arrow = all.find(U"->");
  const auto inputs = operand_names(all.substr(0, arrow));
  if (arrow == std::u32string_view::npos) return parse_equation(inputs, implied_output(inputs));
  const auto right = all.substr(arrow + 2);
  base::require(right.find(U"->") == std::u32string_view::npos, "the equation has '->' twice");
  base::require(right.find(U',') == std::u32string_view::npos,
                "the output of the equation has a ','");
  return parse_equation(inputs, term_names(right));
}

Expression with_shapes(Equation equation, const std::vector<Shape>& shapes) {
  auto expression = unsized(std::move(equation));
  base::require(shapes.size() == expression.inputs.size(),
                "the equation has {} operands, but {} were given", expression.inputs.size(),
                shapes.size());
  for (std::size_t k = 0; k < shapes.size(); ++k) {
    const auto& labels = expression.inputs[k];
    base::require(shapes[k].size() == labels.size(),
                  "operand {} has shape [{}], but the equation gives it {} labels", k,
                  fmt::join(shapes[k], ", "), labels.size());
    for (std::size_t mode = 0; mode < labels.size(); ++mode) {
      const auto label = static_cast<std::size_t>(labels[mode]);
      const auto size = shapes[k][mode];
      require_size(size, expression.names[label]);
      auto& known = expression.sizes[label];
      base::require(known == 0 || known == size,
                    "label '{}' has size {} in operand {}, but {} before", expression.names[label],
                    size, k, known);
      known = size;
    }
  }
  return expression;
}

Expression with_sizes(Equation equation, const std::map<std::string, std::int64_t>& sizes) {
  auto expression = unsized(std::move(equation));
  for (std::size_t label = 0; label < expression.names.size(); ++label) {
    const auto found = sizes.find(expression.names[label]);
    base::require(found != sizes.end(), "label '{}' has no size", expression.names[label]);
    require_size(found->second, expression.names[label]);
    expression.sizes[label] = found->second;
  }
  return expression;
}

Expression make_expression(std::string_view equation, const std::vector<Shape>& shapes) {
  return with_shapes(parse_equation(equation), shapes);
}

std::string to_string(const Expression& expression) {
  const bool single =
      std::all_of(expression.names.begin(), expression.names.end(),
                  [](const std::string& name) { return base::count_code_points(name) == 1; });
  std::string text;
  const auto append_term = [&](const Labels& labels) {
    for (std::size_t k = 0; k < labels.size(); ++k) {
      if (k > 0 && !single) text += ' ';
      text += expression.names[static_cast<std::size_t>(labels[k])];
    }
  };
  for (std::size_t k = 0; k < expression.inputs.size(); ++k) {
    if (k > 0) text += ',';
    append_term(expression.inputs[k]);
  }
  text += "->";
  append_term(expression.output);
  return text;
}

std::string quoted(const Expression& expression, const Labels& labels) {
  std::vector<std::string> names;
  for (const auto label : labels) {
    names.push_back(fmt::format("'{}'", expression.names[static_cast<std::size_t>(label)]));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace ranklens::tn
