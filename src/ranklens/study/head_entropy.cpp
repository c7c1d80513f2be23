#include "ranklens/study/head_entropy.h"

#include <ATen/core/grad_mode.h>
#include <c10/util/accumulate.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/nn/weights/tt_matrix.h"
#include "ranklens/tn/analysis/density.h"
#include "ranklens/tn/analysis/entropy.h"
#include "ranklens/tn/train/decompose.h"

namespace ranklens::study {
namespace {

constexpr const char* kHead = "head.weight";

struct HeadNumbers {
  std::vector<double> bonds{}, inner_cores{};
};

HeadNumbers numbers_of(const std::vector<tn::BondEntropy>& bonds) {
  HeadNumbers numbers;
  for (const auto& bond : bonds) numbers.bonds.push_back(bond.von_neumann);
  return numbers;
}

HeadNumbers of_train(const nn::TTMatrix& weight) {
  tn::TTMatrix matrix;
  for (const auto& core : weight.cores())
    matrix.cores.push_back(core.to(at::kCPU, at::kDouble).contiguous());
  const auto train = tn::fused(matrix);
  auto numbers = numbers_of(tn::bond_entropies(train));
  const auto densities = tn::densities(train);
  for (std::size_t k = 1; k + 1 < densities.size(); ++k)
    numbers.inner_cores.push_back(tn::entropy(densities[k]));
  return numbers;
}

HeadNumbers of_array(const at::Tensor& dense, const HeadModes& modes) {
  const auto tensor = tn::interleaved(dense.to(at::kCPU, at::kDouble), modes.out, modes.in);
  auto numbers = numbers_of(tn::bond_entropies(tensor));
  for (std::int64_t k = 1; k + 1 < tensor.dim(); ++k)
    numbers.inner_cores.push_back(tn::matrix_entropy(tensor.movedim(k, 0).flatten(1)).von_neumann);
  return numbers;
}

bool fits(const nn::Shape& shape, const HeadModes& modes) {
  return shape.size() == 2 && modes.out.size() > 1 &&
         shape[0] == c10::multiply_integers(modes.out) &&
         shape[1] == c10::multiply_integers(modes.in);
}

}  // namespace

HeadModes head_modes(const nn::Network& matched) {
  if (!matched.state.contains(kHead)) return {};
  const auto& weight = matched.state.at(kHead).weight;
  const auto* train = dynamic_cast<const nn::TTMatrix*>(&*weight);
  return train == nullptr ? HeadModes() : HeadModes{train->out_modes(), train->in_modes()};
}

std::map<std::string, double> head_entropies(const nn::Network& network, const HeadModes& modes) {
  const at::NoGradGuard no_gradients;
  std::map<std::string, double> named;
  if (!network.state.contains(kHead)) return named;
  const auto& weight = network.state.at(kHead).weight;
  const auto* train = dynamic_cast<const nn::TTMatrix*>(&*weight);
  if (train == nullptr && !fits(weight->shape(), modes)) return named;
  try {
    const auto numbers = train != nullptr ? of_train(*train) : of_array(weight->dense(), modes);
    for (std::size_t k = 0; k < numbers.bonds.size(); ++k)
      named[fmt::format("entropy bond {}", k + 1)] = numbers.bonds[k];
    for (std::size_t k = 0; k < numbers.inner_cores.size(); ++k)
      named[fmt::format("entropy core {}", k + 2)] = numbers.inner_cores[k];
  } catch (const base::Error&) {
    named.clear();
  }
  return named;
}

}  // namespace ranklens::study
