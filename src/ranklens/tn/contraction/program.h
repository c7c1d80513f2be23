#pragma once

#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/contraction/run.h"
#include "ranklens/tn/contraction/slices.h"

namespace ranklens::tn {

/// An expression and a path, laid out once: for any number of runs on operands of its shapes. A
/// value; copies share what was laid out. May run on several threads at once.
class Program {
 public:
  /// `sliced` labels are fixed to each of their values in turn and the results added (or put side
  /// by side, for a label of the output): less memory, more work. `strides` are those that the
  /// operands will have; by default they are contiguous. Errors: a path that is none of this
  /// expression, sliced labels that do not exist.
  Program(Expression expression, const Path& path, const Labels& sliced = {},
          std::vector<Shape> strides = {});

  /// The result, whose modes are the labels of the output. Where no gradient is wanted all that
  /// steps make lies in one workspace, and slices run side by side, one each thread; else the
  /// steps are operators of ATen, differentiable any number of times. Operands with other strides
  /// than expected are copied first. Error where their number, shapes, dtypes or devices do not
  /// fit; they are floating or complex, all of one dtype.
  at::Tensor operator()(const std::vector<at::Tensor>& operands) const;
  /// The same in a workspace that is kept. Slices run one after another.
  at::Tensor operator()(const std::vector<at::Tensor>& operands, Workspace& workspace) const;

  /// The most bytes that a run without gradients allocates beside its result, for operands with the
  /// strides expected: the workspaces of all threads, and what they add slices up in. (Kernels keep
  /// a few MB a thread beside that, as libraries for products do.)
  std::int64_t workspace_bytes(at::ScalarType dtype, int threads = 1,
                               at::Device device = at::kCPU) const;

  const Expression& expression() const { return expression_; }

 private:
  void require_fit(const std::vector<at::Tensor>& operands) const;
  const std::shared_ptr<const Compiled>& steps_for(at::ScalarType dtype, at::Device device) const;
  bool by_steps(const std::vector<at::Tensor>& operands) const;
  std::vector<at::Tensor> as_laid_out(std::vector<at::Tensor> operands) const;
  at::Tensor summed_by_operators(const std::vector<at::Tensor>& operands) const;
  at::Tensor side_by_side(const std::vector<at::Tensor>& operands) const;
  void add_slices(const std::vector<at::Tensor>& operands, std::int64_t begin, std::int64_t end,
                  const at::Tensor& sum, Workspace& workspace) const;

  struct CompiledOnce;

  Expression expression_;
  Slices slices_;
  Expression slice_;
  std::vector<int> holders_;  // of the labels of a slice
  std::vector<Merge> merges_;
  std::vector<Shape> strides_;              // of the operands
  std::shared_ptr<CompiledOnce> compiled_;  // a slice's steps; none where there are none
};

}  // namespace ranklens::tn
