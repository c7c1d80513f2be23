#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>

#include <ATen/ops/rand.h>
#include <gtest/gtest.h>

#include "ranklens/tn/contraction/execute.h"
#include "ranklens/tn/contraction/plan.h"
#include "ranklens/tn/contraction/problem.h"

#include "tn/values.h"

// Public instances (tensor4all's benchmark, cotengra's examples): more labels than letters,
// hyperedges throughout, and the cost of the best known orders.
namespace ranklens::tn {
namespace {

namespace fs = std::filesystem;

/// The folder of that name in the data, or nothing.
fs::path public_problems(const char* name) {
  const char* place = std::getenv("RANKLENS_DATA");
  if (place == nullptr) return {};
  const auto folder = fs::path(place) / "contraction" / name;
  return fs::exists(folder) ? folder : fs::path();
}

/// The same network with no label larger than `most`.
Expression shrunk(Expression expression, std::int64_t most) {
  for (auto& size : expression.sizes) size = std::min(size, most);
  return expression;
}

/// Positive entries near one: sums of their products lose no digits.
std::vector<at::Tensor> positive_operands(const Expression& expression) {
  std::vector<at::Tensor> operands;
  base::Stream stream(5, "noise", "positive");
  for (const auto& labels : expression.inputs) {
    operands.push_back(stream.uniform(expression.shape_of(labels), 0.2, 0.6, at::kDouble));
  }
  return operands;
}

bool has_hyperedges(const Expression& expression) {
  std::vector<int> uses(expression.sizes.size(), 0);
  for (const auto& labels : expression.inputs) {
    for (const auto label : labels) ++uses[static_cast<std::size_t>(label)];
  }
  return std::any_of(uses.begin(), uses.end(), [](int count) { return count > 2; });
}

// No sum over all labels can be afforded here: the order that the file has and our own must agree.
TEST(OracleInstances, ContractedInTwoOrders) {
  const auto folder = public_problems("instances");
  if (folder.empty()) GTEST_SKIP() << "RANKLENS_DATA names no folder with contraction/ in it";
  int many_labels = 0, hyperedges = 0;
  for (const auto& file : fs::directory_iterator(folder)) {
    const auto problem = read_problem(file.path());
    const auto expression = shrunk(problem.expression, 2);
    many_labels += expression.sizes.size() > 52 ? 1 : 0;
    hyperedges += has_hyperedges(expression) ? 1 : 0;
    const auto operands = positive_operands(expression);
    const auto stored = execute(expression, problem.paths.begin()->second.path, operands);
    const auto own = plan(expression, {.trials = 4});
    EXPECT_LT(testing::relative(execute(expression, own.path, operands, own.sliced), stored), 1e-10)
        << file.path();
  }
  EXPECT_EQ(many_labels, 7);
  EXPECT_GE(hyperedges, 3);  // gm_queen among them
}

struct Known {
  const char* file;
  double log2_flops;  ///< multiply-adds of the best of public searches, or of all trees
};

// Valid paths whose cost is what they state, none dearer than the best that opt_einsum and cotengra
// found in ten to seventeen seconds on two threads with any of their searches, by two dozen trials,
// which are the same each time; only the cubic lattice, where those found 53.7, wants seconds in
// place of trials. On trees leaves are absorbed.
TEST(OracleInstances, PathsAreValidAndNoWorseThanPublicSearches) {
  const auto folder = public_problems("paths");
  if (folder.empty()) GTEST_SKIP() << "RANKLENS_DATA names no folder with contraction/ in it";
  const Known known[] = {
      {"mps_mpo_L100_chi64_D5.json", 26.495}, {"peps_cluster_r2_D10_a.json", 37.095},
      {"rtree_100_a.json", 17.775},           {"rand_50_5_a.json", 55.0},
      {"randreg_200_3_a.json", 43.2},         {"cubic_6x6x10.json", 55.5},
      {"qucirc_rrzz_n56_d13.json", 74.3},     {"sycamore_n53_m20_s0_e0_pABCDCDAB.json", 62.3}};
  for (const auto& [file, log2_flops] : known) {
    const auto expression = read_problem(folder / file).expression;
    const auto found = plan(expression, {.trials = 24});
    require_path(expression.inputs.size(), found.path);
    EXPECT_EQ(cost_of(expression, found.path).log2_flops, found.cost.log2_flops);
    EXPECT_LE(found.cost.log2_flops, log2_flops) << file;
  }
}

}  // namespace
}  // namespace ranklens::tn
