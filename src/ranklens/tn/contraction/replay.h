#pragma once

#include <vector>

#include "ranklens/tn/contraction/path.h"

namespace ranklens::tn {

/// One merge of a path, with the labels of its tensors as ascending sets.
struct Step {
  std::int32_t left = 0, right = 0, result = 0;
  Labels left_labels, right_labels, labels;
};

/// The labels, ascending, each once.
Labels label_set(Labels labels);

/// Each step of the path with its labels. A label goes where the last two tensors that have it
/// meet, unless the output has it. Error unless it is a path of this expression.
std::vector<Step> replay(const Expression& expression, const Path& path);

/// log2 of the product of the labels' sizes.
double log2_elements(const Expression& expression, const Labels& labels);

/// What a step that sums over labels costs: one multiply-add a combination of all its labels, or,
/// as some programs count, two operations where it sums. Steps without a sum count one either way.
enum class Counting { multiply_adds, operations };

/// What a path costs.
struct Cost {
  double log2_flops = 0;   ///< of the sum over steps of the product of all sizes of a step
  double log10_flops = 0;  ///< the same number
  double log2_size = 0;    ///< elements of the largest result of a step
  double log2_write = 0;   ///< elements of all results together
};

/// The costs of a path; of one operand, those of taking it to the output. Nothing overflows.
Cost cost_of(const Expression& expression, const Path& path,
             Counting counting = Counting::multiply_adds);

/// A sum of numbers that are given, and asked for, by their logarithms to base 2.
class LogSum {
 public:
  void add(double log2_value);
  double log2() const;

 private:
  double largest_ = 0;
  double scaled_ = 0;  // sum / 2^largest
};

}  // namespace ranklens::tn
