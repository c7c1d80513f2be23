// Bases of more columns than are measured at a step, in float32, whose rounding adds up in them:
// which columns are measured is a matter of the step's number, and after a step that finds them off
// the next one begins with orthonormal ones. Saved and taken up after every step, a training finds
// the same bases off and ends with the same bits.
#include <cctype>
#include <map>
#include <ostream>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/ops/eye.h>
#include <gtest/gtest.h>

#include "ranklens/optim/low_rank/layers.h"
#include "ranklens/optim/optimiser.h"

#include "optim/low_rank/least_squares.h"

namespace ranklens::optim {
namespace {

using testing::low_rank;
using testing::noise;
using testing::state_with;

/// ||W - goal||^2 / 2 of a matrix of 100 x 90.
class FloatSquares final : public testing::LossOfWeights {
  at::Tensor value(const nn::State& state) const override {
    const auto transposed = state.at("w").weight->linear(at::eye(90, at::kFloat), at::Tensor());
    return (transposed - goal_).square().sum() / 2;
  }

  at::Tensor goal_ = noise(100, 90, 5).t().to(at::kFloat);
};

nn::State float_state() {
  const auto made = low_rank(100, 90, 70, 7);
  return state_with({made.u.to(at::kFloat), made.s.to(at::kFloat), made.v.to(at::kFloat)});
}

/// Of all columns, whichever the step measured.
double distance_of_bases(const nn::State& state) {
  const auto& weight = static_cast<const nn::FixedRank&>(*state.at("w").weight);
  return orthogonality_error(LowRank{weight.u(), weight.s(), weight.v()});
}

struct Training {
  const char* spec;
  /// Bases that are widened, turned and cut at every step gather rounding; made anew at every step,
  /// or held, they do not.
  bool drifts;
};

void PrintTo(const Training& one, std::ostream* out) { *out << one.spec; }

class WideBases : public ::testing::TestWithParam<Training> {};

INSTANTIATE_TEST_SUITE_P(
    Resume, WideBases,
    ::testing::Values(Training{"bug(lr=0.05,floor=70,cap=70,s=2)", true},
                      Training{"augmented_bug(lr=0.05,tau=0.02,floor=66,cap=80)", true},
                      Training{"parallel_bug(lr=0.05,floor=70,cap=70,rule=sgd,momentum=0.5)", true},
                      Training{"abc_psi(lr=0.05,floor=70,cap=70)", true},
                      Training{"fixed_bug(lr=0.05)", false},
                      Training{"core(lr=0.05,moments=entry)", false}),
    [](const ::testing::TestParamInfo<Training>& given) {
      std::string name = given.param.spec;
      for (char& letter : name) {
        if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '_';
      }
      return name;
    });

TEST_P(WideBases, GoOnWithTheSameBits) {
  FloatSquares objective;
  auto whole = float_state(), halved = whole.clone();
  const auto at_once = make_optimiser(GetParam().spec);
  auto optimiser = make_optimiser(GetParam().spec);
  bool off = false;
  int mended = 0;
  // Not 100: that one makes bases orthonormal without measuring them.
  for (int step = 1; step < 100; ++step) {
    at_once->step(whole, objective);
    std::map<std::string, at::Tensor> saved;
    for (const auto& [name, tensor] : optimiser->save()) saved[name] = tensor.clone();
    optimiser = make_optimiser(optimiser->spec());
    optimiser->load(saved);
    halved = halved.clone();
    optimiser->step(halved, objective);
    ASSERT_EQ(at_once->observed(), optimiser->observed()) << "step " << step;
    ASSERT_GT(at_once->observed().at("rank/w"), kMeasured) << "bases are measured whole";
    if (off) {
      ++mended;
      EXPECT_LT(distance_of_bases(whole), kOrthonormal) << "step " << step;
    }
    off = at_once->observed().at("drift/w") >= kOrthonormal;
  }
  EXPECT_EQ(mended > 0, GetParam().drifts) << mended;
  const auto first = whole.tensors(), second = halved.tensors();
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t k = 0; k < first.size(); ++k) {
    EXPECT_TRUE(first[k].tensor.equal(second[k].tensor)) << "factor " << k;
  }
}

}  // namespace
}  // namespace ranklens::optim
