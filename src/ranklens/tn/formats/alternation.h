#pragma once

#include <functional>
#include <vector>

#include "ranklens/tn/formats/cp_als.h"

namespace ranklens::tn {

/// What alternating least squares for a sum of rank-one tensors remember, whatever the tensor is
/// stored as: who knows the tensor brings, for each update, its product with all other factors.
/// Factors are kept transposed, [R, n_k] with rows of norm one, so that partial products are
/// [R, ...] and contiguous.
class Alternation {
 public:
  /// `rows` need not be of norm one; `norm` is the tensor's.
  Alternation(std::vector<at::Tensor> rows, const CPALSOptions& options, double norm);

  const std::vector<at::Tensor>& rows() const { return rows_; }

  void start_sweep();
  /// The least-squares step in one mode, `product` [R, n_k] being the tensor times the conjugates
  /// of all other factors.
  void update(std::size_t mode, const at::Tensor& product);

  /// 1 - ||x - value|| / ||x||, from the last update; resolved to 1e-8.
  double fit() const;
  /// Without `fits` and `converged`.
  CPALS result() const;

 private:
  at::Tensor gram_without(std::size_t mode) const;
  at::Tensor gram_of(const at::Tensor& rows) const;

  CPALSOptions options_;
  double norm_;
  at::ScalarType dtype_, wide_;
  std::vector<at::Tensor> rows_, grams_;
  at::Tensor weights_;
  double inner_ = 0;        // Re <value, tensor>
  double own_squared_ = 0;  // ||value||^2
  bool bounded_ = false;
  std::int64_t dependent_ = 0;
};

/// Sweeps until the fit settles or the sweeps are used up; `sweep` calls update() for every mode.
CPALS alternate(Alternation& state, const CPALSOptions& options,
                const std::function<void()>& sweep);

/// Error unless the options make sense for a tensor of these sizes.
void check(const CPALSOptions& options, const std::vector<std::int64_t>& sizes);

}  // namespace ranklens::tn
