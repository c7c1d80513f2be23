// Optimisers of trains that are saved and taken up again after every step, with the cores laid out
// in memory as a training does it with four-dimensional tensors, end with the same bits.
#include <cctype>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "ranklens/optim/optimiser.h"

#include "optim/tensor_train/trains.h"

namespace ranklens::optim {
namespace {

using testing::OneWeight;
using testing::state_of;
using testing::values;

/// A matrix [12, 12] whose first core has one column and whose last one has one row: laid out like
/// images, their numbers lie transposed.
nn::Weight outer_vectors() {
  std::vector<at::Tensor> cores{values({1, 4, 1, 3}, 1), values({3, 3, 4, 2}, 2),
                                values({2, 1, 3, 1}, 3)};
  return nn::Weight(std::make_shared<nn::TTMatrix>(nn::Shape{12, 12}, std::move(cores)));
}

nn::State like_images(const nn::State& state) {
  return state.map([](const at::Tensor& tensor) {
    return tensor.dim() == 4 ? tensor.clone(at::MemoryFormat::ChannelsLast) : tensor.clone();
  });
}

class EveryOptimiserOfTrains : public ::testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(
    Resume, EveryOptimiserOfTrains,
    ::testing::Values("riemannian_sgd(lr=0.2,momentum=0.5,grow=1,tau=0.05,every=3)",
                      "riemannian_adam(lr=0.05,grow=1,tau=0.05,every=3)",
                      "riemannian_cg(lr=0.2,grow=1,tau=0.05,every=3)",
                      "riemannian_adam(lr=0.05,weight_decay=0.1)", "tt_psi(lr=0.1)",
                      "tsgo(theta=70deg,shrink=0.5)", "dmrg(bond=3)", "als",
                      "recanonical_adam(every=3)"),
    [](const ::testing::TestParamInfo<const char*>& given) {
      std::string name = given.param;
      for (char& letter : name) {
        if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '_';
      }
      return name;
    });

TEST_P(EveryOptimiserOfTrains, GoesOnWithTheSameBits) {
  OneWeight objective(values({5, 12}, 36));
  auto whole = like_images(state_of(outer_vectors())), halved = whole;
  const auto at_once = make_optimiser(GetParam());
  for (int k = 0; k < 10; ++k) at_once->step(whole, objective);
  auto optimiser = make_optimiser(GetParam());
  for (int k = 0; k < 10; ++k) {
    std::map<std::string, at::Tensor> saved;
    for (const auto& [name, tensor] : optimiser->save())
      saved[name] = tensor.clone(at::MemoryFormat::Contiguous);
    optimiser = make_optimiser(optimiser->spec());
    optimiser->load(saved);
    halved = like_images(halved);
    optimiser->step(halved, objective);
  }
  EXPECT_EQ(at_once->observed(), optimiser->observed());
  const auto first = whole.tensors(), second = halved.tensors();
  for (std::size_t k = 0; k < first.size(); ++k) {
    EXPECT_TRUE(first[k].tensor.equal(second[k].tensor)) << "core " << k;
  }
}

}  // namespace
}  // namespace ranklens::optim
