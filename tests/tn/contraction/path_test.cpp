#include "ranklens/tn/contraction/path.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/tn/contraction/problem.h"
#include "ranklens/tn/contraction/replay.h"

#include "testing/expect_error.h"
#include "tn/contraction/brute_force.h"

namespace ranklens::tn {
namespace {

using ::testing::ElementsAre;
using testing::expect_error;

TEST(Path, LinearPositionsBecomeNumbersAndBack) {
  const Steps linear = {{1, 2}, {0, 2}, {0, 1}};
  const auto path = path_from_linear(4, linear);
  EXPECT_EQ(path, (Path{{1, 2}, {0, 4}, {3, 5}}));
  EXPECT_EQ(linear_from_path(4, path), linear);
}

TEST(Path, RandomPathsSurviveConversion) {
  Random random(3);
  for (int round = 0; round < 20; ++round) {
    const auto path = random_path(random, 12);
    auto again = path_from_linear(12, linear_from_path(12, path));
    for (std::size_t k = 0; k < path.size(); ++k)
      EXPECT_THAT(again[k], ::testing::UnorderedElementsAreArray(path[k]));
  }
}

TEST(Path, StepsOfOneAndOfManyAreTaken) {
  EXPECT_EQ(path_from_linear(1, {{0}}), Path{});
  EXPECT_EQ(path_from_linear(3, {{0, 1, 2}}), (Path{{0, 1}, {3, 2}}));
  EXPECT_EQ(path_from_ssa(3, {{2}, {3, 0}, {4, 1}}), (Path{{2, 0}, {3, 1}}));
}

TEST(Path, BadPathsAreRefused) {
  expect_error([] { path_from_ssa(3, {{0, 0}, {1, 3}}); },
               "step 0 of the path names tensor 0 twice");
  expect_error([] { path_from_ssa(3, {{0, 1}, {1, 3}}); }, "tensor 1, which is used up");
  expect_error([] { path_from_ssa(3, {{0, 1}, {2, 4}}); }, "names tensor 4, but there are 4");
  expect_error([] { path_from_ssa(3, {{0, -1}}); }, "names tensor -1");
  expect_error([] { path_from_ssa(3, {{0, 1}}); }, "the path leaves 2 tensors");
  expect_error([] { path_from_linear(3, {{0, 1}, {0, 2}}); }, "position 2, but 2 tensors are left");
  expect_error([] { path_from_linear(2, {{0, 1}, {}}); }, "names no tensor");
  expect_error([] { require_path(3, {{0, 1}}); }, "leaves 2 tensors");
}

TEST(Path, EdgesOfATreeComeBack) {
  // A chain, merged from its middle: each step merges two that share a label.
  const auto expression = make_expression("ab,bc,cd,de->ae", {{2, 3}, {3, 4}, {4, 5}, {5, 6}});
  const Path path = {{1, 2}, {0, 4}, {5, 3}};
  EXPECT_THAT(edges_from_path(expression, path), ElementsAre(2, 1, 3));
  EXPECT_EQ(cost_of(expression, path_from_edges(expression, {2, 1, 3})).log2_flops,
            cost_of(expression, path).log2_flops);
  expect_error([&] { path_from_edges(expression, {0, 0}); }, "names label 'a' twice");
  expect_error([&] { path_from_edges(expression, {9}); }, "names label 9");
}

TEST(Path, EdgesOfHyperedgesAndUnconnectedPartsGiveAPath) {
  Random random(5);
  for (int round = 0; round < 50; ++round) {
    const auto expression = random_expression(random, 1 + random.below(7));
    const auto path = random_path(random, expression.inputs.size());
    require_path(expression.inputs.size(),
                 path_from_edges(expression, edges_from_path(expression, path)));
  }
}

TEST(Cost, OfAChainByHand) {
  const auto expression = make_expression("ij,jk,kl->il", {{2, 3}, {3, 5}, {5, 7}});
  const auto cost = cost_of(expression, {{0, 1}, {3, 2}});
  EXPECT_DOUBLE_EQ(std::exp2(cost.log2_flops), 2 * 3 * 5 + 2 * 5 * 7);
  EXPECT_DOUBLE_EQ(std::exp2(cost.log2_write), 2 * 5 + 2 * 7);
  EXPECT_DOUBLE_EQ(cost.log2_size, std::log2(14));
  EXPECT_DOUBLE_EQ(
      std::pow(10, cost_of(expression, {{0, 1}, {3, 2}}, Counting::operations).log10_flops),
      2 * (2 * 3 * 5 + 2 * 5 * 7));
}

TEST(Cost, AHyperedgeStaysUntilItsLastTensor) {
  const auto expression = make_expression("ix,jx,kx->ijk", {{2, 10}, {3, 10}, {5, 10}});
  const auto steps = replay(expression, {{0, 1}, {3, 2}});
  EXPECT_THAT(steps[0].labels, ElementsAre(0, 1, 2));  // i x j
  EXPECT_DOUBLE_EQ(std::exp2(cost_of(expression, {{0, 1}, {3, 2}}).log2_flops), 60 + 300);
}

TEST(Cost, DoesNotOverflow) {
  std::vector<std::vector<std::int64_t>> inputs;
  std::vector<Shape> shapes;
  for (std::int64_t k = 0; k < 3000; ++k) {
    inputs.push_back({k});
    shapes.push_back({2});
  }
  std::vector<std::int64_t> output;
  for (std::int64_t k = 0; k < 3000; ++k) output.push_back(k);
  const auto expression = with_shapes(parse_equation(inputs, output), shapes);
  Path path;
  for (std::int32_t k = 1; k < 3000; ++k) path.push_back({k == 1 ? 0 : 2998 + k, k});
  EXPECT_DOUBLE_EQ(cost_of(expression, path).log2_size, 3000);
  EXPECT_NEAR(cost_of(expression, path).log2_flops, 3001, 1e-9);  // 2^2 + ... + 2^3000
}

TEST(Problem, BothFormsAreRead) {
  const auto lists = parse_problem(nlohmann::json::parse(R"({"inputs": [["a", "b"], ["b", 7]],
      "output": [7, "a"], "size_dict": {"a": 2, "b": 3, "7": 4}})"),
                                   "it");
  EXPECT_EQ(to_string(lists.expression), "ab,b7->7a");
  EXPECT_THAT(lists.expression.sizes, ElementsAre(2, 3, 4));
  const auto equation =
      parse_problem(nlohmann::json::parse(R"({"format_string": "ab,bc->ca", "dtype": "float64",
      "shapes": [[2, 3], [3, 4]], "paths": {"p": {"path": [[0, 1]], "log2_size": 3.0, "log10_flops": 1.38}}})"),
                    "it");
  EXPECT_EQ(equation.dtype, "float64");
  EXPECT_EQ(equation.paths.at("p").path, (Path{{0, 1}}));
}

TEST(Problem, BadFilesAreRefused) {
  const auto reading = [](const char* text) {
    return [text] { parse_problem(nlohmann::json::parse(text), "it"); };
  };
  expect_error(reading("[]"), "it is no contraction problem");
  expect_error(reading(R"({"inputs": [["a"]]})"), "it has no array 'output'");
  expect_error(reading(R"({"inputs": [["a"]], "output": [], "size_dict": {}})"),
               "label 'a' has no size");
  expect_error(reading(R"({"inputs": [["a"]], "output": [], "size_dict": {"a": -1}})"),
               "has size -1");
  expect_error(reading(R"({"inputs": [["a"]], "output": [], "size_dict": {"a": 1.5}})"),
               "1.5 where an integer");
  expect_error(reading(R"({"inputs": [3], "output": [], "size_dict": {}})"),
               "a list of labels is needed");
  expect_error(reading(R"({"inputs": [], "output": [], "size_dict": {}})"), "at least one operand");
  expect_error(reading(R"({"format_string": "a->", "shapes": [[2, 2]]})"),
               "operand 0 has shape [2, 2]");
  expect_error(reading(R"({"format_string": "a->", "shapes": [[99999999999999999999]]})"),
               "integer is needed");
}

TEST(Problem, BrokenPathsOnlyMatterWhereTheyAreAskedFor) {
  const auto problem = parse_problem(
      nlohmann::json::parse(R"({"format_string": "a,a->", "shapes": [[2], [2]], "paths": {
          "far": {"path": [[0, 2]]}, "fine": {"path": [[0, 1]]}, "text": {"path": [["a"]]}}})"),
      "it");
  ASSERT_NE(find_path(problem, "fine"), nullptr);
  EXPECT_EQ(find_path(problem, "fine")->path, (Path{{0, 1}}));
  EXPECT_EQ(find_path(problem, "none"), nullptr);
  EXPECT_EQ(problem.paths.size(), 1U);
  expect_error([&] { find_path(problem, "far"); },
               "it, path 'far': step 0 of the path names position 2");
  expect_error([&] { find_path(problem, "text"); }, "it, path 'text': ");
}

TEST(Problem, APathOfAFileNamesTheFile) {
  const auto expression = make_expression("a,a->", {{2}, {2}});
  const auto parse = [&](const char* text) {
    return [&expression, text] { parse_path(expression, nlohmann::json::parse(text), "'f.json'"); };
  };
  expect_error(parse(R"({"ssa_path": [[0, 0]]})"),
               "'f.json': step 0 of the path names tensor 0 twice");
  expect_error(parse(R"({"linear_path": [[0, 7]]})"),
               "'f.json': step 0 of the path names position 7");
  expect_error(parse(R"({"edge_path": ["a", "a"]})"), "'f.json': the path names label 'a' twice");
}

// What a path costs, as the files of tensor4all's benchmark state it: two operations a step that
// sums, but in the files of one step (bin_*) one.
TEST(Problem, StoredPathsReplayToTheirStoredCosts) {
  const char* place = std::getenv("RANKLENS_DATA");
  if (place == nullptr ||
      !std::filesystem::exists(std::filesystem::path(place) / "contraction/instances")) {
    GTEST_SKIP() << "RANKLENS_DATA names no folder with contraction/ in it";
  }
  int paths = 0;
  for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(place) /
                                                              "contraction/instances")) {
    const auto problem = read_problem(file.path());
    const bool once = problem.expression.inputs.size() == 2;
    for (const auto& [name, stored] : problem.paths) {
      const auto cost = cost_of(problem.expression, stored.path,
                                once ? Counting::multiply_adds : Counting::operations);
      EXPECT_EQ(std::round(cost.log2_size * 1e4), std::round(stored.log2_size * 1e4))
          << file.path() << name;
      EXPECT_EQ(std::round(cost.log10_flops * 1e4), std::round(stored.log10_flops * 1e4))
          << file.path() << name;
      ++paths;
    }
  }
  EXPECT_EQ(paths, 28);
}

}  // namespace
}  // namespace ranklens::tn
