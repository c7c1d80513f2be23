#include "ranklens/tn/analysis/entropy.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linalg_svdvals.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/decompose.h"
#include "ranklens/tn/train/sweep.h"

namespace ranklens::tn {
namespace {

/// Weights divided by their sum, without those that are zero; empty if all are.
std::vector<double> probabilities(const at::Tensor& weights) {
  const auto wide = weights.detach().to(at::kCPU, at::kDouble).contiguous();
  std::vector<double> shares;
  double sum = 0;
  for (std::int64_t i = 0; i < wide.numel(); ++i) {
    const double weight = wide.const_data_ptr<double>()[i];
    base::require(weight >= 0 && std::isfinite(weight),
                  "an entropy needs finite weights of at least 0, not {}", weight);
    sum += weight;
    if (weight > 0) shares.push_back(weight);
  }
  for (auto& share : shares) share /= sum;
  return shares;
}

BondEntropy entropy_of(const at::Tensor& singular_values, double alpha) {
  auto schmidt = singular_values.detach().to(at::kCPU, at::kDouble);
  const double norm = frobenius(schmidt);
  base::require(norm > 0, "a tensor of zeros has no entropy");
  schmidt = schmidt / norm;
  const auto weights = schmidt * schmidt;
  const double entropy = von_neumann(weights);
  return {schmidt, entropy, renyi(weights, alpha), std::exp(entropy)};
}

/// Without vectors; of the triangle of a QR factorisation where one side is much longer.
at::Tensor singular_values(const at::Tensor& matrix) {
  auto tall = matrix.to(widened(matrix.scalar_type()));
  if (tall.size(0) < tall.size(1)) tall = tall.mH();
  if (tall.size(0) > 2 * tall.size(1)) tall = qr(tall).r;
  return at::linalg_svdvals(tall);
}

}  // namespace

double von_neumann(const at::Tensor& weights) {
  double entropy = 0;
  for (const double p : probabilities(weights)) entropy -= p * std::log(p);
  return std::max(entropy, 0.0);
}

double renyi(const at::Tensor& weights, double alpha) {
  base::require(alpha >= 0, "a Renyi entropy is of an order not below 0, not {}", alpha);
  if (alpha == 1) return von_neumann(weights);
  const auto shares = probabilities(weights);
  if (shares.empty()) return 0;
  if (std::isinf(alpha)) return -std::log(*std::max_element(shares.begin(), shares.end()));
  double sum = 0;
  for (const double p : shares) sum += std::pow(p, alpha);
  return std::max(std::log(sum) / (1 - alpha), 0.0);
}

std::vector<BondEntropy> bond_entropies(const TensorTrain& train, double alpha) {
  const at::NoGradGuard no_gradients;
  std::vector<BondEntropy> result;
  for (const auto& values : schmidt_values(train)) result.push_back(entropy_of(values, alpha));
  return result;
}

std::vector<BondEntropy> bond_entropies(const TTMatrix& matrix, double alpha) {
  return bond_entropies(fused(matrix), alpha);
}

std::vector<BondEntropy> bond_entropies(const at::Tensor& tensor, double alpha) {
  const at::NoGradGuard no_gradients;
  check_values(tensor, "the tensor");
  std::vector<BondEntropy> result;
  std::int64_t rows = 1;
  for (std::int64_t k = 0; k + 1 < tensor.dim(); ++k) {
    rows *= tensor.size(k);
    result.push_back(matrix_entropy(tensor.reshape({rows, -1}), alpha));
  }
  return result;
}

std::vector<BondEntropy> bond_entropies(const at::Tensor& matrix, const Shape& rows,
                                        const Shape& columns, double alpha) {
  return bond_entropies(interleaved(matrix, rows, columns), alpha);
}

BondEntropy matrix_entropy(const at::Tensor& matrix, double alpha) {
  const at::NoGradGuard no_gradients;
  base::require(matrix.defined() && matrix.dim() == 2, "only a matrix has a matrix entropy");
  check_values(matrix, "the matrix");
  return entropy_of(singular_values(matrix), alpha);
}

}  // namespace ranklens::tn
