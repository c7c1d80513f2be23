#include "ranklens/compress/choose.h"

#include <gtest/gtest.h>

#include "ranklens/compress/allocate.h"
#include "ranklens/compress/measure.h"

#include "compress/kernels.h"
#include "testing/normal.h"

namespace ranklens::compress {
namespace {

using testing::normal_double;

TEST(Choose, OnGuessesIsAsGoodAsWithEverythingComputed) {
  const std::vector<at::Tensor> weights{
      of_terms({24, 20, 3, 3}, 30) + 0.5 * normal_double({24, 20, 3, 3}, "noise"),
      normal_double({16, 12, 3, 3}, "kernel"), normal_double({24, 40}, "matrix")};
  std::vector<std::vector<Candidate>> computed;
  std::int64_t numbers = 0;
  for (const auto& weight : weights) {
    numbers += weight.numel();
    auto all = candidates_for(weight);
    for (std::size_t k = 0; k < all.size(); ++k) measure(weight, all, k);
    computed.push_back(std::move(all));
  }
  for (const double ratio : {0.25, 0.5, 0.75}) {
    const auto budget = static_cast<std::int64_t>(ratio * static_cast<double>(numbers));
    const auto best = allocate(computed, budget);
    const auto chosen = choose(weights, ratio, {});
    double loss = 0, least = 0;
    std::int64_t taken = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      EXPECT_FALSE(chosen[k].estimated);
      loss += loss_of(chosen[k]);
      least += loss_of(computed[k][best[k]]);
      taken += chosen[k].parameters;
    }
    EXPECT_LE(taken, budget);
    EXPECT_LE(loss, 1.05 * least) << ratio;
  }
}

}  // namespace
}  // namespace ranklens::compress
