#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/linalg_vector_norm.h>

#include "ranklens/base/npy.h"
#include "ranklens/base/random.h"
#include "ranklens/base/safetensors.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

double frobenius_of(const at::Tensor& t) { return at::linalg_vector_norm(t).item<double>(); }

/// 1 / (1 + i + j + k): close to low ranks, of none.
at::Tensor hilbert() {
  const auto axis = at::arange(8, at::kDouble);
  return 1 / (1 + axis.reshape({8, 1, 1}) + axis.reshape({8, 1}) + axis);
}

/// A folder with that array, and what a decomposition of it says and is.
class Decompose : public ::testing::Test {
 protected:
  Decompose() { base::write_npy(x, hilbert()); }

  nlohmann::json made(const Args& more) {
    return answer_of(ranklens(joined({"decompose", x, "--out", f, "--json"}, more)));
  }

  /// The relative error of a file, from outside.
  double true_error(const std::string& file) {
    EXPECT_EQ(ranklens({"full", file, "--out", y}).status, 0);
    return frobenius_of(base::read_npy(y) - hilbert()) / frobenius_of(hilbert());
  }

  const TemporaryFolder folder;
  const std::string x = (folder / "x.npy").string(), y = (folder / "y.npy").string(),
                    f = (folder / "f.safetensors").string(),
                    g = (folder / "g.safetensors").string();
};

TEST_F(Decompose, EveryFormatKeepsEpsAndSaysItsError) {
  for (const std::string format : {"tt", "tucker", "cp"}) {
    double last = 1e9;
    for (const double eps : {0.3, 1e-2, 1e-3}) {
      const auto answer = made({"--format", format, "--eps", std::to_string(eps)});
      EXPECT_EQ(answer["format"], format);
      EXPECT_EQ(answer["shape"], (std::vector<int>{8, 8, 8}));
      EXPECT_LE(answer["error"].get<double>(), eps);
      EXPECT_NEAR(answer["error"].get<double>(), true_error(f), 1e-9);
      EXPECT_LT(answer["error"].get<double>(), last) << "a smaller eps came no closer";
      EXPECT_GE(answer["seconds"].get<double>(), 0);
      last = answer["error"].get<double>();
    }
  }
}

TEST_F(Decompose, EveryFormatKeepsRanks) {
  const auto tucker = made({"--format", "tucker", "--ranks", "2,3,4"});
  EXPECT_EQ(tucker["ranks"], (std::vector<int>{2, 3, 4}));
  EXPECT_EQ(tucker["parameters"], 24 + 8 * (2 + 3 + 4));
  EXPECT_NEAR(tucker["error"].get<double>(), true_error(f), 1e-12);
  const auto cp = made({"--format", "cp", "--ranks", "3"});
  EXPECT_EQ(cp["ranks"], (std::vector<int>{3}));
  EXPECT_EQ(cp["parameters"], 3 * 24);
  EXPECT_FALSE(cp["degenerate"].get<bool>());
  EXPECT_NEAR(cp["error"].get<double>(), true_error(f), 1e-12);
  EXPECT_THAT(ranklens({"info", f}).out, HasSubstr("sum of rank-one tensors, 8x8x8, rank 3"));
}

TEST_F(Decompose, FilesAreAsDocumented) {
  made({"--format", "tucker", "--ranks", "2"});
  const auto tucker = base::read_safetensors(f);
  EXPECT_EQ(tucker.metadata.at("kind"), "tucker");
  EXPECT_EQ(tucker.metadata.at("modes"), "8,8,8");
  EXPECT_EQ(tucker.tensors.at("core").sizes(), (std::vector<std::int64_t>{2, 2, 2}));
  EXPECT_EQ(tucker.tensors.at("factor.2").sizes(), (std::vector<std::int64_t>{8, 2}));
  made({"--format", "cp", "--ranks", "2"});
  const auto cp = base::read_safetensors(f);
  EXPECT_EQ(cp.metadata.at("kind"), "cp");
  EXPECT_EQ(cp.tensors.at("weights").sizes(), (std::vector<std::int64_t>{2}));
  EXPECT_EQ(cp.tensors.at("factor.0").sizes(), (std::vector<std::int64_t>{8, 2}));
}

TEST_F(Decompose, TuckerRounds) {
  made({"--format", "tucker", "--eps", "1e-6"});
  const auto rounded = answer_of(ranklens({"round", f, "--ranks", "2", "--out", g, "--json"}));
  EXPECT_EQ(rounded["format"], "tucker");
  EXPECT_EQ(rounded["ranks"], (std::vector<int>{2, 2, 2}));
  EXPECT_NEAR(rounded["error"].get<double>(), true_error(g), 1e-5);
  const auto closer = answer_of(ranklens({"round", f, "--eps", "1e-2", "--out", g, "--json"}));
  EXPECT_LE(closer["error"].get<double>(), 1e-2);
  EXPECT_LT(closer["parameters"], closer["parameters_before"]);
  expect_complaint(ranklens({"round", f, "--eps", "0.1", "--method", "gram", "--out", g}), 2,
                   "is for tensor trains");
}

TEST_F(Decompose, InnerProductsCrossFormats) {
  made({"--format", "tucker", "--eps", "1e-9"});
  ASSERT_EQ(ranklens({"decompose", x, "--eps", "1e-9", "--out", g}).status, 0);
  const double square = std::pow(frobenius_of(hilbert()), 2);
  for (const auto& [a, b] : {std::pair{f, g}, std::pair{g, f}, std::pair{f, f}})
    EXPECT_NEAR(answer_of(ranklens({"dot", a, b, "--json"}))["dot"].get<double>(), square, 1e-7);
}

TEST_F(Decompose, WhatCannotBeIsOneSentence) {
  const auto complaint = [&](const Args& more, const std::string& part) {
    expect_complaint(ranklens(joined({"decompose", x, "--out", f}, more)), 2, part);
  };
  complaint({"--format", "hosvd", "--eps", "1"}, "--format");
  complaint({"--format", "cp", "--eps", "0"}, "no eps of 0");
  complaint({"--format", "cp", "--eps", "1e-12"}, "ask for no smaller eps");
  complaint({"--format", "cp", "--ranks", "2,2,2"}, "has one rank");
  complaint({"--format", "tucker", "--ranks", "2,2"}, "3 modes, but 2 ranks");
  complaint({"--format", "tucker"}, "--eps or --ranks is required");
  complaint({"--format", "tucker", "--eps", "1", "--rows", "8"}, "--rows and --columns are for");
  const auto noise = (folder / "noise.npy").string();
  base::write_npy(noise, base::Stream(1, "noise").normal({4, 4, 4}));
  expect_complaint(ranklens({"decompose", noise, "--format", "cp", "--eps", "1e-5", "--sweeps", "1",
                             "--out", f}),
                   2, "no sum of up to 14 rank-one tensors was found within 1e-05 of the array");
  made({"--format", "cp", "--ranks", "2"});
  expect_complaint(ranklens({"round", f, "--eps", "0.1", "--out", g}), 2, "has no rounding");
  expect_complaint(ranklens({"entropy", f}), 2, "holds a sum of rank-one tensors");
}

}  // namespace
}  // namespace ranklens::app
