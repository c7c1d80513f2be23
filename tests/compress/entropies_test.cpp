#include "ranklens/compress/entropies.h"

#include <cmath>

#include <ATen/ops/equal.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/base/random.h"
#include "ranklens/compress/compress.h"
#include "ranklens/compress/decompose_weight.h"
#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/tn/train/decompose.h"

#include "testing/expect_error.h"

namespace ranklens::compress {
namespace {

at::Tensor noise_of(at::IntArrayRef sizes) {
  return base::Stream(3, "noise").normal(sizes).to(at::kDouble);
}

/// -sum p ln p of a matrix's squared singular values.
double by_svd(const at::Tensor& matrix) {
  const auto s = std::get<1>(at::linalg_svd(matrix.to(at::kDouble), false));
  const auto p = s * s / (s * s).sum();
  return -(p * p.clamp_min(1e-300).log()).sum().item<double>();
}

nn::Weight stored_as(const at::Tensor& dense, const std::string& spec) {
  return decompose_weight(dense, nn::parse_weight_spec(spec)).weight;
}

std::vector<double> values_of(const WeightEntropies& found) {
  std::vector<double> values;
  for (const auto& cut : found.cuts) values.push_back(cut.entropy.von_neumann);
  return values;
}

// A dense matrix is read with the modes of the train that `tt` makes of it: at full ranks both have
// the same entropies.
TEST(Entropies, ADenseWeightIsReadAsItsTrain) {
  const auto dense = noise_of({64, 128});
  const auto found = entropies_of("w", nn::Weight(dense));
  const auto train = entropies_of("w", stored_as(dense, "tt(eps=0)"));
  EXPECT_EQ(found.reshaped, "out=4x4x4, in=8x4x4");
  EXPECT_EQ(train.reshaped, "");
  ASSERT_EQ(train.cuts.size(), 3U);
  ASSERT_EQ(found.cuts.size(), 3U);
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_EQ(found.cuts[k].series, train.cuts[k].series);
    EXPECT_EQ(found.cuts[k].cut, train.cuts[k].cut);
    EXPECT_EQ(found.cuts[k].most, train.cuts[k].most);
    EXPECT_NEAR(values_of(found)[k], values_of(train)[k], 1e-9);
    EXPECT_NEAR(found.cuts[k].entropy.renyi, train.cuts[k].entropy.renyi, 1e-9);
  }
  EXPECT_EQ(found.cuts[0].cut, "4x8 | 4x4 4x4");
  EXPECT_EQ(found.cuts[0].most, 32);
  EXPECT_EQ(found.cuts[2].cut, "outputs | inputs");
  EXPECT_NEAR(values_of(found)[2], by_svd(dense), 1e-10);
  const auto first = tn::interleaved(dense, {4, 4, 4}, {8, 4, 4}).flatten(1);
  EXPECT_NEAR(values_of(found)[0], by_svd(first), 1e-10);
}

TEST(Entropies, AKernelsWindowComesFirst) {
  const auto dense = noise_of({8, 6, 3, 3});
  const auto found = entropies_of("conv", nn::Weight(dense));
  const auto train = entropies_of("conv", stored_as(dense, "tt(eps=0)"));
  ASSERT_EQ(train.cuts.size(), 4U);
  EXPECT_EQ(train.cuts[0].cut, "3x3 | 4x3 2x2");
  EXPECT_EQ(train.cuts[3].cut, "inputs | rest");
  const auto window = dense.permute({2, 3, 0, 1}).reshape({9, 48});
  for (const auto* one : {&found, &train}) EXPECT_NEAR(values_of(*one)[0], by_svd(window), 1e-9);
  EXPECT_NEAR(values_of(found)[1], values_of(train)[1], 1e-9);
}

/// The cut of that series.
const CutEntropy& cut_of(const WeightEntropies& found, const std::string& series) {
  for (const auto& cut : found.cuts)
    if (cut.series == series) return cut;
  throw std::runtime_error("no cut " + series);
}

// Whatever a weight is stored as, it has the cuts of the dense one, and at each the entropy of the
// matrix that it stands for.
TEST(Entropies, EveryFormatIsReadLikeTheDenseWeight) {
  const auto kernel = noise_of({8, 6, 3, 3}), matrix = noise_of({64, 48});
  for (const auto& [dense, specs] :
       {std::pair(kernel, std::vector<std::string>{"low_rank(r=5)", "tucker(r=4x3)", "cp(r=5)",
                                                   "tt(out=8x1,in=6x1,r=5)", "tt(r=4)"}),
        std::pair(matrix, std::vector<std::string>{"low_rank(r=3)", "tucker(r=7x5)", "cp(r=6)",
                                                   "tt(out=16x4,in=4x12,r=5)", "tt(r=4)"})}) {
    const auto whole = entropies_of("w", nn::Weight(dense));
    for (const auto& spec : specs) {
      const auto weight = stored_as(dense, spec);
      const auto found = entropies_of("w", weight);
      const auto read = entropies_of("w", nn::Weight(weight->dense()));
      for (const auto& cut : whole.cuts) {
        const auto& same = cut_of(found, cut.series);
        EXPECT_EQ(same.cut, cut.cut) << spec;
        EXPECT_EQ(same.most, cut.most) << spec;
        EXPECT_NEAR(same.entropy.von_neumann, cut_of(read, cut.series).entropy.von_neumann, 1e-6)
            << spec << " " << cut.series;
      }
    }
  }
}

TEST(Entropies, OfOutputsAndOfInputsAreThoseOfTheUnfoldings) {
  const auto dense = noise_of({8, 6, 3, 3});
  for (const std::string spec : {"dense", "low_rank(r=5)", "tucker(r=4x3)", "cp(r=5)", "tt(r=4)"}) {
    const auto weight = stored_as(dense, spec);
    const auto found = entropies_of("w", weight);
    EXPECT_NEAR(cut_of(found, "outputs | inputs").entropy.von_neumann,
                by_svd(weight->dense().reshape({8, -1})), 1e-6);
    EXPECT_NEAR(cut_of(found, "inputs | rest").entropy.von_neumann,
                by_svd(weight->dense().transpose(0, 1).reshape({6, -1})), 1e-6);
  }
}

// What was cut hard must not look as if nothing could be left out: shares are of a dense weight's
// rank, not of the one that is left.
TEST(Entropies, AStronglyCutWeightHasASmallShare) {
  const auto dense = noise_of({64, 128});
  double before = entropies_of("w", nn::Weight(dense)).cuts.back().share();
  EXPECT_GT(before, 0.8);
  for (const int rank : {16, 4, 1}) {
    const auto found = entropies_of("w", stored_as(dense, fmt::format("low_rank(r={})", rank)));
    const auto& cut = found.cuts.back();
    EXPECT_EQ(cut.most, 64);
    EXPECT_EQ(cut.rank(), rank);
    EXPECT_LE(cut.share(), std::log(rank) / std::log(64.0) + 1e-9);
    EXPECT_LT(cut.share(), before - 0.2);
    before = cut.share();
  }
}

TEST(Entropies, ATrainOfOtherModesHasItsOwnBondsToo) {
  const auto weight = stored_as(noise_of({64, 48}), "tt(out=16x4,in=4x12,r=5)");
  const auto found = entropies_of("w", weight);
  ASSERT_EQ(found.cuts.size(), 3U);  // one of its own, one of balanced modes, outputs
  EXPECT_EQ(found.cuts[0].series, "own bond 1");
  EXPECT_EQ(found.cuts[0].cut, "16x4 | 4x12");
  EXPECT_EQ(found.cuts[0].most, 48);
  EXPECT_EQ(found.cuts[0].rank(), 5);
  EXPECT_NEAR(found.cuts[0].entropy.von_neumann,
              by_svd(tn::interleaved(weight->dense(), {16, 4}, {4, 12})), 1e-9);
  EXPECT_EQ(found.reshaped, "out=8x8, in=8x6");
}

// The identity is a product over its modes (no entanglement of a train), and as far from low rank
// as can be.
TEST(Entropies, OfTheIdentity) {
  const auto found = entropies_of("id", nn::Weight(at::eye(64, at::kDouble)));
  EXPECT_NEAR(values_of(found)[0], 0, 1e-10);
  EXPECT_NEAR(values_of(found)[1], 0, 1e-10);
  EXPECT_NEAR(values_of(found)[2], std::log(64.0), 1e-10);
  EXPECT_NEAR(found.cuts[2].share(), 1, 1e-10);
  EXPECT_NEAR(found.cuts[2].entropy.effective_rank, 64, 1e-8);
}

TEST(Entropies, ANetworkIsLeftAsItWas) {
  const auto network = nn::zoo::make("cnn-tt-matched", {.width = 8, .seed = 4});
  const auto before = network.state.clone();
  const auto all = weight_entropies(network);
  ASSERT_EQ(all.size(), 8U);  // six convolutions, head, classifier
  EXPECT_EQ(all.front().layer, "conv1");
  EXPECT_EQ(all[6].layer, "head");
  EXPECT_EQ(all[6].reshaped, "out=8x4, in=32x16");
  EXPECT_EQ(all[6].cuts.size(), 4U);  // two of its own, one of balanced modes, outputs
  const auto old = before.tensors(), now = network.state.tensors();
  for (std::size_t k = 0; k < old.size(); ++k) EXPECT_TRUE(at::equal(old[k].tensor, now[k].tensor));
}

TEST(Entropies, ZerosHaveNoneAndFaultsNameTheLayer) {
  EXPECT_TRUE(entropies_of("z", nn::Weight(at::zeros({4, 4}))).cuts.empty());
  auto broken = at::zeros({4, 4});
  broken[1][2].fill_(NAN);
  testing::expect_error([&] { entropies_of("bad", nn::Weight(broken)); }, "layer 'bad': ");
}

}  // namespace
}  // namespace ranklens::compress
