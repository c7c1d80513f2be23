#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/linalg_vector_norm.h>

#include "ranklens/base/npy.h"
#include "ranklens/base/random.h"
#include "ranklens/base/safetensors.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/container.h"
#include "ranklens/tn/train/make.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

double norm_of(const at::Tensor& t) { return at::linalg_vector_norm(t).item<double>(); }

/// sin of the sum of the indices: ranks 2.
at::Tensor waves() {
  const auto axis = at::arange(6, at::kDouble);
  return (axis.reshape({6, 1, 1}) + axis.reshape({6, 1}) + axis).sin();
}

TEST(Trains, DecomposeRoundAndFullAgree) {
  const TemporaryFolder folder;
  const auto x = (folder / "x.npy").string(), f = (folder / "f.safetensors").string(),
             g = (folder / "g.safetensors").string(), y = (folder / "y.npy").string();
  base::write_npy(x, waves());
  const auto made = answer_of(ranklens({"decompose", x, "--eps", "1e-10", "--out", f, "--json"}));
  EXPECT_EQ(made["ranks"], (std::vector<int>{2, 2}));
  EXPECT_EQ(made["parameters"], 12 + 24 + 12);
  EXPECT_LT(made["error"].get<double>(), 1e-10);
  EXPECT_GE(made["seconds"].get<double>(), 0);
  for (const std::string method : {"qr", "gram", "randomised"}) {
    const auto rounded =
        answer_of(ranklens({"round", f, "--ranks", "1", "--method", method, "--out", g, "--json"}));
    EXPECT_EQ(rounded["ranks"], (std::vector<int>{1, 1}));
    EXPECT_EQ(rounded["parameters_before"], 48);
    EXPECT_EQ(answer_of(ranklens({"full", g, "--out", y, "--json"}))["shape"],
              (std::vector<int>{6, 6, 6}));
    const double error = norm_of(base::read_npy(y) - waves()) / norm_of(waves());
    EXPECT_NEAR(rounded["error"].get<double>(), error, 1e-6);
  }
  EXPECT_EQ(base::read_safetensors(f).metadata.at("kind"), "tensor_train");
}

// A rounding that loses nothing says so, not the 1e-8 that its cuts leave open.
TEST(Trains, SmallErrorsOfRoundingAreMeasured) {
  const TemporaryFolder folder;
  const auto f = (folder / "f.safetensors").string(), g = (folder / "g.safetensors").string();
  auto train = tn::ones({6, 7, 5, 6});
  const auto stream = base::Stream(3, "noise");
  for (auto& core : train.cores)
    core = stream.child("core").normal(core.sizes(), 0, 1, at::kDouble);
  tn::write_train(f, train + train);
  for (const std::string method : {"qr", "gram", "randomised"}) {
    const auto rounded = answer_of(
        ranklens({"round", f, "--eps", "1e-6", "--method", method, "--out", g, "--json"}));
    EXPECT_EQ(rounded["ranks"], (std::vector<int>{1, 1, 1}));
    EXPECT_LT(rounded["error"].get<double>(), 1e-13) << method;
  }
}

TEST(Trains, AMatrixStaysOne) {
  const TemporaryFolder folder;
  const auto w = (folder / "w.npy").string(), f = (folder / "f.safetensors").string(),
             y = (folder / "y.npy").string();
  const auto matrix = base::Stream(1, "noise").normal({12, 10});
  base::write_npy(w, matrix);
  const auto made = answer_of(ranklens(
      {"decompose", w, "--rows", "3x4", "--columns", "5x2", "--eps", "0", "--out", f, "--json"}));
  EXPECT_EQ(made["rows"], (std::vector<int>{3, 4}));
  ASSERT_EQ(ranklens({"full", f, "--out", y}).status, 0);
  EXPECT_LT(norm_of(base::read_npy(y) - matrix), 1e-5);
  const auto entropy = answer_of(ranklens({"entropy", f, "--json", "--modes"}));
  EXPECT_EQ(entropy["modes"].size(), 2U);
}

TEST(Trains, DotAndEntropyHaveTheirClosedForms) {
  const TemporaryFolder folder;
  const auto x = (folder / "x.npy").string(), f = (folder / "f.safetensors").string();
  auto pair = at::zeros({2, 2, 2}, at::kComplexDouble);  // (|000> + i |111>) / sqrt 2
  pair[0][0][0].fill_(1);
  pair[1][1][1].fill_(c10::complex<double>(0, 1));
  base::write_npy(x, pair);
  ASSERT_EQ(ranklens({"decompose", x, "--eps", "0", "--out", f}).status, 0);
  const auto dot = answer_of(ranklens({"dot", f, f, "--json"}));
  EXPECT_NEAR(dot["dot"][0].get<double>(), 2, 1e-12);
  EXPECT_NEAR(dot["dot"][1].get<double>(), 0, 1e-12);
  EXPECT_NEAR(dot["log_abs"].get<double>(), std::log(2.0), 1e-12);
  const auto entropy = answer_of(ranklens({"entropy", f, "--json"}));
  for (const auto& bond : entropy["bonds"]) {
    EXPECT_NEAR(bond["entropy"].get<double>(), std::log(2.0), 1e-12);
    EXPECT_NEAR(bond["effective_rank"].get<double>(), 2, 1e-12);
  }
  EXPECT_THAT(ranklens({"entropy", f}).out, HasSubstr("0.693147"));
}

// 2^3000 is no float64: its logarithm is printed.
TEST(Trains, ADotBeyondTheRangeIsALogarithm) {
  const TemporaryFolder folder;
  const auto f = (folder / "f.safetensors").string();
  tn::write_train(f, tn::ones(tn::Shape(3000, 2)));
  const auto dot = answer_of(ranklens({"dot", f, f, "--json"}));
  EXPECT_TRUE(dot["dot"].is_null());
  EXPECT_NEAR(dot["log_abs"].get<double>(), 3000 * std::log(2.0), 1e-6);
}

TEST(Trains, BadInputIsOneSentence) {
  const TemporaryFolder folder;
  const auto x = (folder / "x.npy").string(), f = (folder / "f.safetensors").string(),
             g = (folder / "g.safetensors").string();
  base::write_npy(x, waves());
  const Args decompose = {"decompose", x, "--out", f};
  expect_complaint(ranklens(decompose), 2, "--eps or --ranks is required");
  expect_complaint(ranklens({"decompose", x, "--eps", "0.1"}), 2, "--out is required");
  expect_complaint(ranklens(joined(decompose, {"--eps", "-0.5"})), 2, "a number of 0 or more");
  expect_complaint(ranklens(joined(decompose, {"--eps", "nan"})), 2, "a number of 0 or more");
  expect_complaint(ranklens(joined(decompose, {"--ranks", "2,x"})), 2, "'2,x' is no list of ranks");
  expect_complaint(ranklens(joined(decompose, {"--ranks", "0"})), 2, "'0' is no list of ranks");
  expect_complaint(ranklens(joined(decompose, {"--ranks", "1,2,3"})), 2, "2 bonds, but 3 ranks");
  expect_complaint(ranklens(joined(decompose, {"--eps", "0", "--rows", "6"})), 2, "both --rows");
  expect_complaint(ranklens(joined(decompose, {"--eps", "0", "--rows", "6", "--columns", "6"})), 2,
                   "only a matrix");
  expect_complaint(ranklens({"decompose", g, "--eps", "0.1", "--out", f}), 2, "g.safetensors");
  auto broken = waves();
  broken[0][1][2].fill_(std::nan(""));
  base::write_npy(x, broken);
  expect_complaint(ranklens(joined(decompose, {"--eps", "0.1"})), 2, "NaN or infinite");
  tn::write_train(f, tn::ones({2, 3}));
  tn::write_train(g, tn::identity({2}));
  expect_complaint(ranklens({"dot", f, g}), 2, "of the same modes only");
  expect_complaint(ranklens({"dot", f}), 2, "b is required");
  expect_complaint(ranklens({"round", f, "--out", g}), 2, "--eps or --ranks is required");
  expect_complaint(ranklens({"full", x, "--out", (folder / "y.npy").string()}), 2, "x.npy");
  tn::write_train(f, tn::zeros({2, 3}));
  expect_complaint(ranklens({"entropy", f}), 2, "zeros");
  tn::write_train(f, tn::ones(tn::Shape(64, 2)));
  expect_complaint(ranklens({"full", f, "--out", x}), 2, "too many entries");
}

}  // namespace
}  // namespace ranklens::app
