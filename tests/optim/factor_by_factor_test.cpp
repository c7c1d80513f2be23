#include "ranklens/optim/factor_by_factor.h"

#include <gmock/gmock.h>

#include "ranklens/nn/zoo/zoo.h"

namespace ranklens::optim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

nn::State state_of(const char* layers) { return nn::zoo::lenet5({.layers = layers}).state; }

TEST(FactorByFactor, NamesWhatAnOptimiserSplits) {
  const auto low = state_of("conv2: low_rank(r=4); head: low_rank(r=4)");
  EXPECT_THAT(factor_by_factor(low, "adam(lr=1e-3)"), ElementsAre("conv2.weight", "head.weight"));
  EXPECT_THAT(factor_by_factor(low, "bug(tau=0.1)"), IsEmpty());
  EXPECT_THAT(factor_by_factor(low, "riemannian_adam"), ElementsAre("conv2.weight", "head.weight"));
  const auto train = state_of("conv2: tt(r=4); head: tt(r=4)");
  EXPECT_THAT(factor_by_factor(train, "riemannian_sgd(lr=0.1)"), IsEmpty());
  EXPECT_THAT(factor_by_factor(train, "tt_psi(lr=0.1)"), IsEmpty());
  EXPECT_THAT(factor_by_factor(train, "tsgo"), IsEmpty());
  EXPECT_THAT(factor_by_factor(train, "dmrg(bond=8)"), IsEmpty());
  EXPECT_THAT(factor_by_factor(train, "recanonical_adam"),
              ElementsAre("conv2.weight", "head.weight"));
  EXPECT_THAT(factor_by_factor(train, "bug"), ElementsAre("conv2.weight", "head.weight"));
  const auto tucker = state_of("conv2: tucker(r=4x4); head: low_rank(r=4)");
  EXPECT_THAT(factor_by_factor(tucker, "bug"), IsEmpty());
  EXPECT_THAT(factor_by_factor(tucker, "psi(lr=0.1)"), ElementsAre("conv2.weight"));
  EXPECT_THAT(factor_by_factor(tucker, "riemannian_adam"),
              ElementsAre("conv2.weight", "head.weight"));
  EXPECT_THAT(factor_by_factor(state_of("head: tucker(r=4x4)"), "psi"), IsEmpty());  // a matrix
  EXPECT_THAT(factor_by_factor(state_of(""), "sgd"), IsEmpty());
}

TEST(FactorByFactor, SaysWhatWouldNot) {
  EXPECT_EQ(factor_note(state_of(""), "adam"), "");
  EXPECT_THAT(factor_note(state_of("head: low_rank(r=4)"), "adam(lr=1e-3)"),
              ::testing::AllOf(HasSubstr("adam moves the factors of 'head.weight' one by one"),
                               HasSubstr("bug(tau=0.1)")));
  EXPECT_THAT(factor_note(state_of("conv2: tucker(r=4x4)"), "adam"), HasSubstr("bug(tau=0.1)"));
  EXPECT_THAT(factor_note(state_of("*: low_rank(r=4)"), "sgd"), HasSubstr("and 1 more"));
  const auto train = factor_note(state_of("head: tt(r=4)"), "adam");
  EXPECT_THAT(train, HasSubstr("riemannian_adam"));
  EXPECT_THAT(train, ::testing::Not(HasSubstr("bug")));
  // An optimiser that finds nothing to do refuses the network: one sentence is enough.
  EXPECT_EQ(factor_note(state_of("head: tt(r=4)"), "bug"), "");
  EXPECT_EQ(factor_note(state_of("head: low_rank(r=4)"), "dmrg"), "");
  EXPECT_EQ(factor_note(state_of("head: low_rank(r=4)"), "recanonical_adam"), "");
  EXPECT_NE(factor_note(state_of("head: tt(r=4); conv2: low_rank(r=4)"), "bug"), "");
}

TEST(FactorByFactor, CoresOfAProductStateAreFactors) {
  const auto state = nn::zoo::mps_classifier({.size = 8, .classes = 3, .width = 4}).state;
  EXPECT_THAT(factor_note(state, "adam"),
              ::testing::AllOf(HasSubstr("adam moves the factors of 'mps' one by one"),
                               HasSubstr("riemannian_adam")));
  EXPECT_EQ(factor_note(state, "riemannian_adam"), "");
  EXPECT_EQ(factor_note(state, "dmrg(bond=4)"), "");
}

}  // namespace
}  // namespace ranklens::optim
