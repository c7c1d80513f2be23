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
  for (const std::string format : {"tt", "tucker", "cp", "tucker_tt"}) {
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
  EXPECT_GT(cp["sweeps"].get<int>(), 1);
  EXPECT_NEAR(cp["error"].get<double>(), true_error(f), 1e-12);
  EXPECT_THAT(ranklens({"info", f}).out, HasSubstr("sum of rank-one tensors, 8x8x8, rank 3"));
}

TEST_F(Decompose, ATuckerTrainHasRanksOfModesAndOfBonds) {
  const auto both = made({"--format", "tucker_tt", "--ranks", "3,4,3", "--bond-ranks", "2"});
  EXPECT_EQ(both["mode_ranks"], (std::vector<int>{3, 4, 3}));
  EXPECT_EQ(both["ranks"], (std::vector<int>{2, 2}));
  EXPECT_EQ(both["parameters"], 8 * (3 + 4 + 3) + 6 + 16 + 6);
  EXPECT_NEAR(both["error"].get<double>(), true_error(f), 1e-9);
  EXPECT_THAT(ranklens({"info", f}).out,
              HasSubstr("Tucker train, 8x8x8, mode ranks 3x4x3, ranks 2x2"));
  const auto file = base::read_safetensors(f);
  EXPECT_EQ(file.metadata.at("kind"), "tucker_train");
  EXPECT_EQ(file.metadata.at("mode_ranks"), "3,4,3");
  EXPECT_EQ(file.tensors.at("core.1").sizes(), (std::vector<std::int64_t>{2, 4, 2}));
  EXPECT_EQ(file.tensors.at("factor.1").sizes(), (std::vector<std::int64_t>{8, 4}));
  ASSERT_EQ(ranklens({"decompose", x, "--format", "tucker_tt", "--eps", "1e-9", "--out", f}).status,
            0);
  const auto rounded =
      answer_of(ranklens({"round", f, "--ranks", "2", "--bond-ranks", "2", "--out", g, "--json"}));
  EXPECT_EQ(rounded["mode_ranks"], (std::vector<int>{2, 2, 2}));
  EXPECT_NEAR(rounded["error"].get<double>(), true_error(g), 1e-6);
  const auto same = answer_of(ranklens({"round", f, "--eps", "1e-8", "--out", g, "--json"}));
  EXPECT_GT(same["error"].get<double>(), 0);
  EXPECT_LT(same["error"].get<double>(), 1e-8);
  expect_complaint(ranklens({"decompose", x, "--bond-ranks", "2", "--out", f}), 2,
                   "--bond-ranks is for Tucker trains");
}

// What stopped for want of sweeps is said, in JSON and on stderr; a settled one says nothing.
TEST_F(Decompose, LeastSquaresThatDidNotSettleSaySo) {
  const Args terms = {"decompose", x, "--format", "cp", "--ranks", "3", "--out", f};
  const auto few = ranklens(joined(terms, {"--sweeps", "2"}));
  EXPECT_EQ(few.status, 0);
  EXPECT_THAT(few.err, HasSubstr("had not settled after 2 sweeps"));
  EXPECT_FALSE(made({"--format", "cp", "--ranks", "3", "--sweeps", "2"})["converged"].get<bool>());
  const auto many = ranklens(joined(terms, {"--sweeps", "100000", "--json"}));
  EXPECT_THAT(many.err, ::testing::Not(HasSubstr("settled")));
  EXPECT_TRUE(nlohmann::json::parse(many.out)["converged"].get<bool>());
}

TEST_F(Decompose, SumsOfRankOneTensorsRound) {
  made({"--format", "cp", "--ranks", "6"});
  const auto rounded = answer_of(ranklens({"round", f, "--ranks", "3", "--out", g, "--json"}));
  EXPECT_EQ(rounded["format"], "cp");
  EXPECT_EQ(rounded["ranks"], (std::vector<int>{3}));
  ASSERT_EQ(ranklens({"full", f, "--out", y}).status, 0);
  const auto before = base::read_npy(y);
  ASSERT_EQ(ranklens({"full", g, "--out", y}).status, 0);
  const double error = frobenius_of(base::read_npy(y) - before) / frobenius_of(before);
  EXPECT_NEAR(rounded["error"].get<double>(), error, 1e-8);
  const auto closer = answer_of(ranklens({"round", f, "--eps", "0.05", "--out", g, "--json"}));
  EXPECT_LE(closer["error"].get<double>(), 0.05);
  EXPECT_LT(closer["ranks"][0].get<int>(), 6);
}

TEST_F(Decompose, EntropiesOfEveryFormatAreThoseOfTheTensor) {
  ASSERT_EQ(ranklens({"decompose", x, "--eps", "1e-12", "--out", g}).status, 0);
  const auto exact = answer_of(ranklens({"entropy", g, "--json", "--modes"}));
  for (const std::string format : {"tucker", "cp", "tucker_tt"}) {
    const std::string eps = format == "cp" ? "1e-4" : "1e-10";
    made({"--format", format, "--eps", eps});
    const auto found = answer_of(ranklens({"entropy", f, "--json", "--modes"}));
    EXPECT_EQ(found["format"], format);
    ASSERT_EQ(found["bonds"].size(), 2U);
    for (std::size_t k = 0; k < 2; ++k)
      EXPECT_NEAR(found["bonds"][k]["entropy"].get<double>(),
                  exact["bonds"][k]["entropy"].get<double>(), 1e-3)
          << format;
    ASSERT_EQ(found["modes"].size(), 3U);
    EXPECT_NEAR(found["modes"][1]["entropy"].get<double>(),
                exact["modes"][1]["entropy"].get<double>(), 1e-3);
  }
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

// The wider type wins for all formats alike.
TEST_F(Decompose, InnerProductsOfTwoTypes) {
  const auto narrow = (folder / "narrow.npy").string();
  base::write_npy(narrow, hilbert().to(at::kFloat));
  const double square = std::pow(frobenius_of(hilbert()), 2);
  for (const std::string one : {"tt", "tucker"}) {
    for (const std::string other : {"tt", "tucker"}) {
      made({"--format", one, "--eps", "1e-9"});
      ASSERT_EQ(
          ranklens({"decompose", narrow, "--format", other, "--eps", "1e-6", "--out", g}).status,
          0);
      EXPECT_NEAR(answer_of(ranklens({"dot", f, g, "--json"}))["dot"].get<double>(), square, 1e-4);
      EXPECT_NEAR(answer_of(ranklens({"dot", g, f, "--json"}))["dot"].get<double>(), square, 1e-4);
    }
  }
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
  expect_complaint(ranklens({"round", f, "--eps", "0", "--out", g}), 2, "no eps of 0");
  expect_complaint(ranklens({"round", f, "--eps", "0.1", "--method", "gram", "--out", g}), 2,
                   "is for tensor trains");
  expect_complaint(ranklens({"entropy", f, "--report", g}), 2, "holds a decomposed tensor");
}

}  // namespace
}  // namespace ranklens::app
