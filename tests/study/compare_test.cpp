#include "ranklens/study/compare.h"

#include <gmock/gmock.h>

#include "ranklens/compress/compress.h"
#include "ranklens/data/open.h"
#include "ranklens/nn/operators/activation.h"
#include "ranklens/nn/zoo/zoo.h"

namespace ranklens::study {
namespace {

class Compare : public ::testing::Test {
 protected:
  data::Dataset set_ = data::open("scenes:train=20,test=24", {.split = data::Split::test});
  nn::Network network_ =
      nn::zoo::make("cnn-dense", {.channels = 3, .size = 32, .classes = 10, .width = 8, .seed = 3});
  CompareOptions options_{.methods = {"gradcam", "saliency"}, .explained = 8, .seconds = 0.01};
};

TEST_F(Compare, ANetworkAgreesWithItself) {
  const auto found = compare(network_, network_, set_, options_);
  EXPECT_EQ(found.accuracy_difference.mean, 0);
  EXPECT_EQ(found.same_answers, 1);
  EXPECT_EQ(found.first.parameters, found.second.parameters);
  ASSERT_EQ(found.maps.size(), 2);
  for (const auto& maps : found.maps) {
    EXPECT_EQ(maps.first.size(0), 8);
    EXPECT_NEAR(maps.agreement.at("cosine").mean, 1, 1e-6);
  }
}

TEST_F(Compare, ACoarserNetworkMovesFurther) {
  const auto with = [&](const char* scheme) {
    const auto other = compress::compress(network_, compress::parse_scheme(scheme)).network;
    return compare(network_, other, set_, options_);
  };
  const auto fine = with("*: low_rank(eps=0.05)"), coarse = with("*: low_rank(r=1)");
  EXPECT_LT(coarse.second.parameters, fine.second.parameters);
  EXPECT_LT(coarse.maps[1].agreement.at("cosine").mean, fine.maps[1].agreement.at("cosine").mean);
  EXPECT_GT(fine.same_answers, 0.8);
}

// The answers are those of a network that names the class it has a bias for.
TEST_F(Compare, ImagesLostAndGainedAreCounted) {
  const auto answering = [&](std::int64_t k) {
    auto other = network_;
    const auto bias = other.state.at("classifier.bias").weight->dense().clone();
    bias[k].fill_(1e4);
    other.state.replace("classifier.bias", nn::Weight(bias));
    return other;
  };
  const auto images_of = [&](std::int64_t k) {
    return set_.labels.eq(k).sum().item<std::int64_t>();
  };
  const auto found = compare(answering(2), answering(5), set_, options_);
  EXPECT_EQ(found.lost, images_of(2));
  EXPECT_EQ(found.gained, images_of(5));
  EXPECT_GT(found.lost + found.gained, 0);
  EXPECT_DOUBLE_EQ(found.accuracy_difference.mean,
                   static_cast<double>(found.gained - found.lost) / 24);
  const auto same = compare(answering(2), answering(2), set_, options_);
  EXPECT_EQ(same.lost + same.gained, 0);
}

TEST_F(Compare, ASoftmaxAtTheEndIsTakenOnce) {
  auto nodes = network_.graph.nodes();
  const auto& logits = network_.graph.outputs().front();
  nodes.push_back({.name = "probabilities",
                   .op = std::make_shared<nn::Softmax>(-1),
                   .inputs = {logits},
                   .weights = {}});
  const nn::Network other{nn::Graph(network_.graph.inputs(), nodes, {"probabilities"}),
                          network_.state};
  const auto found = compare(network_, other, set_, options_);
  EXPECT_DOUBLE_EQ(found.second.loss, found.first.loss);
  EXPECT_TRUE(found.second_probabilities.equal(found.first_probabilities));
}

TEST_F(Compare, TheImagesThatMovedMostComeFirst) {
  const auto other =
      nn::zoo::make("cnn-dense", {.channels = 3, .size = 32, .classes = 10, .width = 8, .seed = 4});
  const auto found = compare(network_, other, set_, options_);
  const auto likeness = [&](std::int64_t k) {
    double sum = 0;
    for (const auto& maps : found.maps)
      sum += maps.per_image.at("spearman")[static_cast<std::size_t>(k)];
    return sum;
  };
  ASSERT_EQ(found.moved.size(), 8);
  for (std::size_t k = 1; k < found.moved.size(); ++k)
    EXPECT_LE(likeness(found.moved[k - 1]), likeness(found.moved[k]));
}

}  // namespace
}  // namespace ranklens::study
