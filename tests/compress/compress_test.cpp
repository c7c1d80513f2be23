#include "ranklens/compress/compress.h"

#include <gmock/gmock.h>

#include "ranklens/base/random.h"
#include "ranklens/compress/decompose_weight.h"
#include "ranklens/nn/zoo/zoo.h"

#include "testing/close.h"
#include "testing/expect_error.h"
#include "testing/normal.h"

namespace ranklens::compress {
namespace {

using ranklens::testing::close;
using ranklens::testing::error_of;
using ::testing::HasSubstr;

Scheme keeping(Scheme scheme) {
  scheme.even_if_larger = true;
  return scheme;
}

class CompressNetwork : public ::testing::Test {
 protected:
  nn::Network network_ = nn::zoo::make("lenet5", {.seed = 1});
  at::Tensor x_ = testing::normal_double({4, 1, 28, 28}, "x").to(at::kFloat);
};

TEST_F(CompressNetwork, ExactRanksGiveTheSameLogitsAndTheOriginalStays) {
  const auto before = network_(x_);
  const auto result = compress(network_, keeping(parse_scheme("*: tucker(eps=1e-9)")));
  EXPECT_EQ(result.layers.front().spec.substr(0, 6), "tucker");
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

// "dense" of a layer that is in factors is a format as any other; a layer of no rule stays.
TEST_F(CompressNetwork, FactorsAreMultipliedOutWhereARuleSaysDense) {
  const auto small = compress(network_, parse_scheme("conv2: low_rank(r=5); head: low_rank(r=5)"));
  const auto refused = compress(small.network, parse_scheme("head: dense"));
  EXPECT_EQ(refused.layers[2].spec, "low_rank(r=5)");
  EXPECT_EQ(refused.layers[2].refused, "dense");
  const auto dense = compress(small.network, keeping(parse_scheme("head: dense")));
  EXPECT_EQ(dense.layers[1].spec, "low_rank(r=5)");
  EXPECT_EQ(dense.layers[2].spec, "dense");
  EXPECT_EQ(dense.layers[2].after, 500 * 800);
  EXPECT_EQ(dense.layers[2].error, 0);
  EXPECT_TRUE(close(dense.network(x_), small.network(x_), 1e-4, 1e-4));
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

// Factors that are no fewer numbers than the weight save nothing, and cost time.
TEST_F(CompressNetwork, AWeightIsLeftAsItIsWhereFactorsAreNoSmaller) {
  for (const char* text : {"conv*: tucker(eps=0.01); *: low_rank(eps=0.01)", "*: tt(eps=0.01)"}) {
    const auto scheme = parse_scheme(text);
    const auto result = compress(network_, scheme), larger = compress(network_, keeping(scheme));
    EXPECT_TRUE(at::equal(result.network(x_), network_(x_)));
    EXPECT_EQ(result.network.state.parameters(), network_.state.parameters());
    EXPECT_GT(larger.network.state.parameters(), network_.state.parameters());
    for (std::size_t k = 0; k < result.layers.size(); ++k) {
      const auto &layer = result.layers[k], &other = larger.layers[k];
      EXPECT_EQ(layer.spec, "dense");
      EXPECT_EQ(layer.after, layer.before);
      EXPECT_EQ(layer.error, 0);
      EXPECT_EQ(layer.refused, other.spec);
      EXPECT_EQ(layer.refused_numbers, other.after);
      EXPECT_GE(layer.refused_numbers, layer.before);
      EXPECT_EQ(other.refused, "");
    }
  }
}

TEST_F(CompressNetwork, OfMixedSizesOnlyWhatSavesIsStored) {
  const auto result =
      compress(network_, parse_scheme("classifier: low_rank(r=2); *: low_rank(r=20)"));
  for (const auto& layer : result.layers) {
    EXPECT_LE(layer.after, layer.before);
    EXPECT_EQ(layer.refused.empty(), layer.after < layer.before) << layer.layer;
  }
  EXPECT_EQ(result.layers.front().refused, "low_rank(r=20)");  // 20 x 25
  EXPECT_EQ(result.layers.front().refused_numbers, 20 * 45);
}

TEST_F(CompressNetwork, ACPToleranceThatSavesNothingLeavesTheWeight) {
  const auto result = compress(network_, parse_scheme("conv1: cp(eps=0.01)"));
  EXPECT_EQ(result.layers.front().spec, "dense");
  EXPECT_THAT(result.layers.front().refused, HasSubstr("cp(eps=0.01)"));
  EXPECT_THAT(error_of([&] { compress(network_, keeping(parse_scheme("conv1: cp(eps=0.01)"))); }),
              HasSubstr("layer 'conv1': no CP form of fewer numbers"));
}

// A weight that is a sum of few terms and one that is a train: each is stored so.
TEST_F(CompressNetwork, ARatioFindsTheFormatOfEachLayer) {
  const auto made = [&](const char* entry, const char* spec) {
    const auto weight = network_.state.at(entry).weight->dense();
    const auto found = decompose_weight(weight, nn::parse_weight_spec(spec));
    network_.state.replace(entry, nn::Weight(found.weight->dense().to(at::kFloat)));
  };
  made("conv2.weight", "cp(r=4)");
  made("head.weight", "tt(r=1)");
  // 947 numbers: the 320 of the terms and the 240 of the cores, but not the 680 of a Tucker form.
  const auto result = compress(network_, {.rules = {}, .ratio = 0.0022});
  EXPECT_EQ(result.layers[1].spec, "cp(r=4)");
  EXPECT_THAT(result.layers[2].spec, ::testing::StartsWith("tt("));
  EXPECT_LT(result.layers[1].error, 0.3);
  EXPECT_LT(result.layers[2].error, 1e-3);
}

TEST_F(CompressNetwork, SaysWhatDoesNotFit) {
  EXPECT_THAT(error_of([&] { compress(network_, parse_scheme("convv1: cp(r=2)")); }),
              HasSubstr("is called 'convv1'"));
  EXPECT_THAT(error_of([&] { compress(network_, parse_scheme("*: low_rank(r=100000)")); }),
              HasSubstr("layer '"));
}

}  // namespace
}  // namespace ranklens::compress
