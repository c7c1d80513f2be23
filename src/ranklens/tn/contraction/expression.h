#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ranklens::tn {

/// A label by its number: 0, 1, ... in the order in which labels first occur.
using Label = std::int32_t;
using Labels = std::vector<Label>;
using Shape = std::vector<std::int64_t>;

/// Which labels the modes of the operands and of the result have; no sizes yet. A label in more
/// than two operands is a hyperedge; one that occurs twice in an operand takes its diagonal; one
/// that the output lacks is summed over. The output may order its labels as it likes and have none
/// (a scalar).
struct Equation {
  std::vector<Labels> inputs;
  Labels output;
  std::vector<std::string> names;  ///< by label, for messages
};

/// An equation whose labels have sizes: all that a plan needs to know.
struct Expression {
  std::vector<Labels> inputs;
  Labels output;
  std::vector<std::int64_t> sizes;  ///< by label, at least 1
  std::vector<std::string> names;   ///< by label

  Shape shape_of(const Labels& labels) const;
};

/// "ij,jk->ik" in UTF-8: one code point is one label, any of them but ',', '.', '-', '>' and the
/// space, which is skipped. Without "->" the output has the labels that occur once, in the order of
/// code points. Error for malformed UTF-8, more than one "->", and outputs that name a label twice
/// or one that no operand has.
Equation parse_equation(std::string_view equation);

/// An equation from lists of integers, any values. Errors as above.
Equation parse_equation(const std::vector<std::vector<std::int64_t>>& inputs,
                        const std::vector<std::int64_t>& output);

/// An equation from lists of names, each of any length. Errors as above.
Equation parse_equation(const std::vector<std::vector<std::string>>& inputs,
                        const std::vector<std::string>& output);

/// Gives labels the sizes of the operands' modes. Error where the number of operands or of modes is
/// another, a label has two sizes, or a size is not positive.
Expression with_shapes(Equation equation, const std::vector<Shape>& shapes);

/// Gives labels their sizes by name. Error where one is missing or not positive.
Expression with_sizes(Equation equation, const std::map<std::string, std::int64_t>& sizes);

/// with_shapes of parse_equation.
Expression make_expression(std::string_view equation, const std::vector<Shape>& shapes);

/// The equation as a text; names are separated by spaces where one has several code points.
std::string to_string(const Expression& expression);

/// "'a', 'b'": the names of labels, for messages.
std::string quoted(const Expression& expression, const Labels& labels);

}  // namespace ranklens::tn
