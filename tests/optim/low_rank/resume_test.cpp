// Bases of more columns than are measured at a step: which ones are is a matter of the step's
// number, and where they are found to be off they are made orthonormal again. Saved and taken up
// after every step, a training sees the same columns and ends with the same bits.
#include <cctype>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "ranklens/optim/optimiser.h"

#include "optim/low_rank/least_squares.h"

namespace ranklens::optim {
namespace {

using testing::LeastSquares;
using testing::low_rank;
using testing::noise;
using testing::state_with;

constexpr std::int64_t kRank = 70;

class WideBases : public ::testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Resume, WideBases,
                         ::testing::Values("bug(lr=0.05,tau=0.02,s=2)",
                                           "augmented_bug(lr=0.05,tau=0.02,cap=90)",
                                           "parallel_bug(lr=0.05,tau=0.02,rule=sgd,momentum=0.5)",
                                           "fixed_bug(lr=0.05)", "core(lr=0.05,moments=entry)"),
                         [](const ::testing::TestParamInfo<const char*>& given) {
                           std::string name = given.param;
                           for (char& letter : name) {
                             if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '_';
                           }
                           return name;
                         });

TEST_P(WideBases, GoOnWithTheSameBits) {
  LeastSquares objective(noise(100, 90, 5));
  auto whole = state_with(low_rank(100, 90, kRank, 7)), halved = whole.clone();
  const auto at_once = make_optimiser(GetParam());
  auto optimiser = make_optimiser(GetParam());
  double largest = 0;
  for (int k = 0; k < 5; ++k) {
    at_once->step(whole, objective);
    std::map<std::string, at::Tensor> saved;
    for (const auto& [name, tensor] : optimiser->save()) saved[name] = tensor.clone();
    optimiser = make_optimiser(optimiser->spec());
    optimiser->load(saved);
    halved = halved.clone();
    optimiser->step(halved, objective);
    EXPECT_EQ(at_once->observed(), optimiser->observed()) << "step " << k;
    largest = std::max(largest, at_once->observed().at("rank/w"));
  }
  EXPECT_GT(largest, 64) << "bases are measured whole";
  const auto first = whole.tensors(), second = halved.tensors();
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t k = 0; k < first.size(); ++k) {
    EXPECT_TRUE(first[k].tensor.equal(second[k].tensor)) << "factor " << k;
  }
}

}  // namespace
}  // namespace ranklens::optim
