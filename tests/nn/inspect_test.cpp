// What a file may ask for, and what is counted of it.
#include "ranklens/nn/inspect.h"

#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "ranklens/nn/weights/tucker.h"

#include "testing/expect_error.h"

namespace ranklens::nn {
namespace {

using ranklens::testing::error_of;
using ::testing::HasSubstr;

constexpr std::int64_t kHuge = std::int64_t{1} << 61;

std::string fault_of(const std::string& kind, const nlohmann::json& options) {
  return error_of([&] { make_operator(kind, options); });
}

TEST(Bounds, WindowsChannelsAndPiecesThatCouldOverflowAreRefused) {
  for (const char* key : {"kernel", "stride", "dilation", "padding"}) {
    EXPECT_THAT(fault_of("conv2d", {{"in", 1}, {"out", 1}, {key, kHuge}}),
                HasSubstr("of a convolution: at most 32768 here"))
        << key;
  }
  EXPECT_THAT(fault_of("conv2d", {{"in", kHuge}, {"out", 1}}), HasSubstr("channels"));
  EXPECT_THAT(fault_of("avg_pool2d", {{"kernel", kHuge}, {"padding", kHuge / 2}, {"stride", 1}}),
              HasSubstr("of a pool: at most"));
  EXPECT_THAT(fault_of("adaptive_avg_pool2d", {{"height", kHuge}}), HasSubstr("at most"));
  EXPECT_THAT(fault_of("linear", {{"in", kHuge}, {"out", kHuge}}), HasSubstr("at most"));
  EXPECT_THAT(fault_of("split", {{"sizes", {kHuge, kHuge, kHuge, kHuge, 5}}}),
              HasSubstr("at most"));
  EXPECT_EQ(fault_of("conv2d", {{"in", 1}, {"out", 1}, {"kernel", 32768}}), "");
}

Graph one_node(const Shape& sample, const OperatorPtr& op) {
  return {{{"x", sample}}, {{"y", op, {"x"}, {}}}, {"y"}};
}

TEST(Bounds, ValuesThatCouldNotBeCountedAreRefused) {
  const auto pool = make_operator("adaptive_avg_pool2d", {{"height", 32768}, {"width", 32768}});
  EXPECT_THAT(error_of([&] { value_shapes(one_node({4096, 8, 8}, pool)); }),
              HasSubstr("node 'y' does not fit: its output would hold 1x4096x32768x32768 numbers"));
  EXPECT_EQ(value_shapes(one_node({1024, 8, 8}, pool)).at("y"), (Shape{1, 1024, 32768, 32768}));
  const auto relu = make_operator("relu", nlohmann::json::object());
  EXPECT_THAT(error_of([&] { value_shapes(one_node({1 << 20, 1 << 20}, relu), 2); }),
              HasSubstr("input 'x' would hold 2x1048576x1048576 numbers"));
}

TEST(Bounds, WorkThatCouldNotBeCountedIsRefused) {
  const auto conv = make_operator(
      "conv2d", {{"in", 1}, {"out", 1}, {"kernel", 1024}, {"padding", 512}, {"bias", false}});
  State state;
  state.set("w", {.weight = Weight(at::zeros({1, 1, 1024, 1024}))});
  const auto costs_of = [&](std::int64_t size) {
    const Graph graph{{{"x", {1, size, size}}}, {{"y", conv, {"x"}, {{"weight", "w"}}}}, {"y"}};
    return costs({graph, state}).front().multiply_adds;
  };
  constexpr std::int64_t size = std::int64_t{1} << 16;
  EXPECT_EQ(costs_of(size), (size + 1) * (size + 1) << 20);
  EXPECT_THAT(error_of([&] { costs_of(4 * size); }), HasSubstr("more than can be counted"));
}

// The dense kernel would be one number here, met by 32x32 pixels.
TEST(Bounds, FactorsThatCouldNotBeCountedAreRefused) {
  const auto conv = make_operator(
      "conv2d", {{"in", 1}, {"out", 1}, {"kernel", 1}, {"stride", 32768}, {"bias", false}});
  const auto costs_of = [&](std::int64_t rank) {
    const auto zeros = [](at::IntArrayRef sizes) { return at::zeros({1}).expand(sizes); };
    State state;
    state.set("w",
              {.weight = Weight(std::make_shared<Tucker2>(
                   Shape{1, 1, 1, 1}, zeros({1, 1}), zeros({1, rank, 1, 1}), zeros({1, rank})))});
    const Graph graph{
        {{"x", {1, 1 << 20, 1 << 20}}}, {{"y", conv, {"x"}, {{"weight", "w"}}}}, {"y"}};
    return costs({graph, state}).front().multiply_adds;
  };
  EXPECT_EQ(costs_of(1000), (std::int64_t{1000} << 40) + (1 << 10) * 1001);
  EXPECT_THAT(error_of([&] { costs_of(1 << 23); }), HasSubstr("more than can be counted"));
}

TEST(Bounds, AnOutputHasABatchDimension) {
  const auto sum =
      make_operator("aten", {{"operator", "aten::sum"},
                             {"arguments", nlohmann::json::array({nlohmann::json{{"input", 0}}})}});
  EXPECT_THAT(error_of([&] { value_shapes(one_node({4}, sum)); }),
              HasSubstr("the output 'y' has no batch dimension"));
}

}  // namespace
}  // namespace ranklens::nn
