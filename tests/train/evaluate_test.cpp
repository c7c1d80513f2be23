#include "ranklens/train/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
