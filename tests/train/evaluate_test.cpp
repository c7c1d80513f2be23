#include "ranklens/train/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/nn/operators/aten_call.h"
#include "ranklens/train/throughput.h"

#include "testing/close.h"
#include "testing/expect_error.h"
#include "train/tiny.h"

namespace ranklens::train {
namespace {

using ranklens::testing::error_of;
using ::testing::HasSubstr;

// Seven images in batches of three: a mean of batch means would weigh the last one thrice.
TEST(Evaluate, WeighsImagesAlike) {
  const auto data = tiny_data(7, 3, 0.1);
  const auto network = linear_network();
  const at::Tensor p = data.images.to(at::kDouble)
                           .view({7, 64})
                           .matmul(network.state.tensor("head.weight").to(at::kDouble).t())
                           .softmax(1);
  const double loss = p.gather(1, data.labels.view({7, 1})).log().mean().neg().item<double>();
  const double accuracy = p.argmax(1).eq(data.labels).to(at::kDouble).mean().item<double>();
  for (const std::int64_t batch : {1, 3, 7, 100}) {
    const auto found = evaluate(network, data, {.batch = batch});
    EXPECT_NEAR(found.loss, loss, 1e-6) << batch;
    EXPECT_DOUBLE_EQ(found.accuracy, accuracy) << batch;
    EXPECT_EQ(found.count, 7);
  }
  EXPECT_TRUE(
      ranklens::testing::close(predict(network, data, {.batch = 3}).softmax(1), p.to(at::kFloat)));
}

TEST(Evaluate, NamesWhatDoesNotFit) {
  auto data = tiny_data(7, 3);
  EXPECT_THAT(error_of([&] { evaluate(linear_network(), data::first(data, 0), {.batch = 0}); }),
              HasSubstr("at least 1 image"));
  data.labels = data.labels.add(3);
  EXPECT_THAT(error_of([&] { evaluate(linear_network(), data); }), HasSubstr("classes up to 5"));
  data.images = data.images.expand({7, 3, 8, 8});
  EXPECT_THAT(error_of([&] { evaluate(linear_network(), data); }),
              HasSubstr("takes images of [1, 8, 8], the data have [3, 8, 8]"));
  EXPECT_THAT(error_of([&] { evaluate(linear_network(), data::Dataset{}); }),
              HasSubstr("no images"));
}

/// The linear network with probabilities for answers, by the node kind or by libtorch's operator.
nn::Network with_softmax(bool by_libtorch) {
  nn::GraphBuilder g;
  auto x = g.input("image", {1, 8, 8});
  x = g.flatten("flat", x);
  x = g.linear("head", x, {.out = 3, .bias = false});
  if (by_libtorch) {
    const auto arguments = nlohmann::json::parse(R"([{"input": 0}, 1])");
    g.add("probabilities", std::make_shared<nn::AtenCall>("aten::softmax", "int", arguments), {x});
  } else {
    g.softmax("probabilities", x);
  }
  return g.build(1);
}

// The loss is of the logits: a second softmax would flatten it, and its gradient.
TEST(Evaluate, ASoftmaxAtTheEndIsTakenOnce) {
  const auto data = tiny_data(30, 3);
  const auto plain = linear_network();
  const auto expected = evaluate(plain, data);
  const FitOptions steps{.epochs = 2, .batch = 10, .optimiser = "sgd(lr=0.5)"};
  const auto trained = fit(plain, data, data, steps);
  for (const bool by_libtorch : {false, true}) {
    const auto network = with_softmax(by_libtorch);
    const auto found = evaluate(network, data);
    EXPECT_DOUBLE_EQ(found.loss, expected.loss) << by_libtorch;
    EXPECT_DOUBLE_EQ(found.accuracy, expected.accuracy) << by_libtorch;
    EXPECT_TRUE(predict(network, data).equal(predict(plain, data))) << by_libtorch;
    const auto also = fit(network, data, data, steps);
    EXPECT_TRUE(same_state(also.last.state, trained.last.state)) << by_libtorch;
    EXPECT_EQ(also.history.back().loss, trained.history.back().loss) << by_libtorch;
    const auto probabilities = also.last(data.images);
    EXPECT_TRUE(ranklens::testing::close(probabilities, trained.last(data.images).softmax(1)))
        << "the network that comes out still gives probabilities";
  }
}

TEST(Throughput, MeasuresEachNetworkAndChangesNone) {
  const auto network = tiny_network();
  const auto before = network.clone();
  const auto found = throughput({network, linear_network()}, {.batch = 16, .seconds = 0});
  ASSERT_EQ(found.size(), 2U);
  for (const auto& one : found) {
    EXPECT_GT(one.forward, 0);
    EXPECT_GT(one.training, 0);
  }
  EXPECT_TRUE(same_state(network.state, before.state));
}

}  // namespace
}  // namespace ranklens::train
