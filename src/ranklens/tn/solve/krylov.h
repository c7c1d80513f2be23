#pragma once

#include <cstdint>
#include <functional>

#include <ATen/core/Tensor.h>

namespace ranklens::tn {

/// A matrix, by what it does to a vector [n].
using Apply = std::function<at::Tensor(const at::Tensor&)>;

struct KrylovOptions {
  double tolerance = 1e-10;  ///< of the residual, relative: see the functions
  std::int64_t max_products = 200;
  std::int64_t max_vectors = 24;  ///< kept before a restart (lanczos)
};

struct RitzPair {
  double value = 0;
  at::Tensor vector;    ///< [n], of norm one
  double residual = 0;  ///< ||A v - value v||
  std::int64_t products = 0;
};

/// The lowest eigenpair of a Hermitian matrix by restarted Lanczos iteration with full
/// reorthogonalisation. Done when the residual is below tolerance * max(1, |value|). `start` must
/// not be zero.
RitzPair lanczos(const Apply& apply, const at::Tensor& start, const KrylovOptions& options = {});

struct Solved {
  at::Tensor x;         ///< [n]
  double residual = 0;  ///< ||A x - b|| / ||b||
  std::int64_t products = 0;
  bool positive = true;  ///< false: some <p, A p> was not, the iteration stopped there
};

/// Conjugate gradients (Hestenes, Stiefel 1952) for a Hermitian positive definite matrix, from
/// `start` on, until the residual is below tolerance * ||b||.
Solved conjugate_gradients(const Apply& apply, const at::Tensor& b, const at::Tensor& start,
                           const KrylovOptions& options = {});

}  // namespace ranklens::tn
