#pragma once

#include <vector>

#include "ranklens/tn/contraction/merge.h"

namespace ranklens::tn {

/// An expression and the steps of a path, ready for any operands of its shapes.
class Program {
 public:
  Program(Expression expression, const Path& path);

  /// The operands fit the expression: that is not checked. Differentiable; may run on several
  /// threads.
  at::Tensor operator()(std::vector<at::Tensor> operands) const;

 private:
  bool counts(Label label) const;
  Labels operand_labels(const Labels& labels) const;
  Labels kept_labels(const Labels& labels) const;

  Expression expression_;
  std::vector<int> holders_;  // how many operands, and the output, have each label
  std::vector<Merge> merges_;
};

}  // namespace ranklens::tn
