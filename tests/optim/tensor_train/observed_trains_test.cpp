#include "ranklens/optim/tensor_train/observed_trains.h"

#include <cmath>
#include <string_view>

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/optim/optimiser.h"

#include "optim/tensor_train/trains.h"

namespace ranklens::optim {
namespace {

using testing::conv_weight;
using testing::dense_of;
using testing::norm;
using testing::OneWeight;
using testing::state_of;
using testing::tt_weight;
using testing::values;

// Ranks 4 and 3 of cores [1, 6, 4], [4, 6, 3], [3, 4, 1]; dmrg finds 4 and 4.
TEST(ObservedTrains, EveryMethodSaysRanksNumbersAndGauge) {
  for (const char* spec : {"riemannian_sgd", "riemannian_adam", "riemannian_cg", "tt_psi(lr=0.01)",
                           "tsgo", "dmrg(bond=4,cutoff=0)", "als", "recanonical_adam"}) {
    OneWeight objective(values({5, 12}, 1));
    nn::State state = state_of(tt_weight(2));
    const auto optimiser = make_optimiser(spec);
    EXPECT_EQ(optimiser->observed().count("rank/w.0"), 0U) << spec;
    for (int k = 0; k < 3; ++k) optimiser->step(state, objective);
    const auto found = optimiser->observed();
    const double last = spec == std::string_view("dmrg(bond=4,cutoff=0)") ? 4 : 3;
    EXPECT_EQ(found.at("rank/w.0"), 4) << spec;
    EXPECT_EQ(found.at("rank/w.1"), last) << spec;
    EXPECT_EQ(found.at("params/w"), 24 + 24 * last + 4 * last) << spec;
    if (std::string_view(spec) == "recanonical_adam") {
      EXPECT_GT(found.at("drift/w"), 1e-6);  // until the gauge is renewed
      continue;
    }
    EXPECT_LT(found.at("drift/w"), 1e-12) << spec;
    EXPECT_NEAR(found.at("log_norm/w"), std::log(norm(dense_of(state))), 1e-12) << spec;
  }
}

TEST(ObservedTrains, OfKernels) {
  OneWeight objective(values({2, 6, 5, 5}, 3));
  nn::State state = state_of(conv_weight(4));
  const auto optimiser = make_optimiser("riemannian_sgd(lr=0.1)");
  optimiser->step(state, objective);
  const auto found = optimiser->observed();
  EXPECT_EQ(found.at("rank/w.0"), 2);
  EXPECT_EQ(found.at("params/w"), 18 + 36 + 12);
  EXPECT_NEAR(found.at("log_norm/w"), std::log(norm(dense_of(state))), 1e-12);
}

// The largest entry of |Q^T Q - 1|, whatever factor the core has.
TEST(ObservedTrains, DriftIsThatOfTheWorstCore) {
  const auto one = values({1, 1, 1}, 5) * 0 + 1;
  auto basis = at::zeros({1, 4, 2}, at::kDouble);
  basis[0][0][0] = 3;
  basis[0][1][1] = 3;
  basis[0][2][1] = 0.3;  // its square has the diagonal 9, 9.09
  ObservedTrains trains;
  trains.keep("a", {one, one * 5, one}, 1);
  trains.keep("b", {basis, values({2, 3, 1}, 6)}, 1);
  const auto found = trains.numbers();
  EXPECT_EQ(found.at("drift/a"), 0);
  EXPECT_NEAR(found.at("log_norm/a"), std::log(5), 1e-15);
  EXPECT_NEAR(found.at("drift/b"), 9.09 / 9.045 - 1, 1e-12);
  EXPECT_EQ(found.count("log_norm/b"), 0U);
}

}  // namespace
}  // namespace ranklens::optim
