#include "ranklens/compress/compress.h"

#include <gmock/gmock.h>

#include "ranklens/base/random.h"
#include "ranklens/nn/zoo/zoo.h"

#include "testing/close.h"
#include "testing/expect_error.h"
#include "testing/normal.h"

namespace ranklens::compress {
namespace {

using ranklens::testing::close;
using ranklens::testing::error_of;
using ::testing::HasSubstr;

class CompressNetwork : public ::testing::Test {
 protected:
  nn::Network network_ = nn::zoo::make("lenet5", {.seed = 1});
  at::Tensor x_ = testing::normal_double({4, 1, 28, 28}, "x").to(at::kFloat);
};

TEST_F(CompressNetwork, ExactRanksGiveTheSameLogitsAndTheOriginalStays) {
  const auto before = network_(x_);
  const auto result = compress(network_, parse_scheme("*: tucker(eps=1e-9)"));
  EXPECT_TRUE(close(result.network(x_), before, 1e-4, 1e-4));
  EXPECT_TRUE(at::equal(network_(x_), before));
}

TEST_F(CompressNetwork, ReportsEveryLayerAndCountsWhatIsStored) {
  const auto result =
      compress(network_, parse_scheme("conv1: dense; conv*: cp(r=4); *: low_rank(r=5)"));
  std::int64_t saved = 0;
  for (const auto& layer : result.layers) saved += layer.before - layer.after;
  EXPECT_EQ(network_.state.parameters() - result.network.state.parameters(), saved);
  EXPECT_EQ(result.layers.front().spec, "dense");
  EXPECT_EQ(result.layers.front().error, 0);
  EXPECT_EQ(result.layers[1].spec, "cp(r=4)");
  EXPECT_EQ(result.layers.back().spec, "low_rank(r=5)");
  EXPECT_TRUE(result.network(x_).isfinite().all().item<bool>());
}

TEST_F(CompressNetwork, ARatioIsKept) {
  std::int64_t all = 0;
  for (const auto& layer : compress(network_, parse_scheme("*: dense")).layers) all += layer.before;
  for (const double ratio : {0.5, 0.25, 0.1}) {
    const auto result = compress(network_, {.rules = {}, .ratio = ratio});
    std::int64_t kept = 0;
    for (const auto& layer : result.layers) kept += layer.after;
    EXPECT_LE(kept, ratio * static_cast<double>(all));
    EXPECT_GT(kept, 0.8 * ratio * static_cast<double>(all));
  }
}

TEST_F(CompressNetwork, SaysWhatDoesNotFit) {
  EXPECT_THAT(error_of([&] { compress(network_, parse_scheme("convv1: cp(r=2)")); }),
              HasSubstr("is called 'convv1'"));
  EXPECT_THAT(error_of([&] { compress(network_, parse_scheme("*: low_rank(r=100000)")); }),
              HasSubstr("layer '"));
}

}  // namespace
}  // namespace ranklens::compress
