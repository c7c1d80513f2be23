#include "ranklens/train/compute.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/train/batch_objective.h"
#include "ranklens/train/evaluate.h"

#include "testing/close.h"
#include "testing/expect_error.h"
#include "train/tiny.h"

namespace ranklens::train {
namespace {

using ranklens::testing::close;

const Execution bf16{.compute = Compute::bfloat16};

TEST(Compute, NamesAreRead) {
  EXPECT_EQ(parse_compute("bfloat16"), Compute::bfloat16);
  EXPECT_EQ(to_string(parse_compute("float32")), "float32");
  EXPECT_THAT(ranklens::testing::error_of([] { parse_compute("half"); }),
              ::testing::HasSubstr("not 'half'"));
}

TEST(Compute, CastsAllButNormalisationsAndBuffers) {
  const auto network = tiny_network();
  const auto state = state_for(network.graph, network.state, Compute::bfloat16);
  for (const auto& one : state.tensors()) {
    const bool kept = one.name.starts_with("norm.");
    EXPECT_EQ(one.tensor.scalar_type(), kept ? at::kFloat : at::kBFloat16) << one.name;
  }
}

TEST(Compute, LayoutChangesNoValue) {
  const auto network = tiny_network();
  const auto last = laid_out(network.state, {.channels_last = true});
  EXPECT_TRUE(last.tensor("conv.weight").is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(same_state(last, network.state));
}

// bfloat16 keeps 8 bits: results are near, and not equal.
TEST(Compute, HalfTheBitsNearlyTheSame) {
  const auto data = tiny_data(50, 1);
  const auto network = tiny_network();
  const auto exact = predict(network, data);
  const auto rough = predict(network, data, {.execution = bf16});
  EXPECT_EQ(rough.scalar_type(), at::kFloat);
  EXPECT_TRUE(close(rough, exact, 0.05, 0.05));
  EXPECT_FALSE(rough.equal(exact));
}

TEST(Compute, GradientsArriveInFloat32) {
  const auto data = tiny_data(40, 1);
  const auto network = tiny_network();
  const auto gradients = [&](const Execution& execution) {
    data::Batch batch;
    batch.images = data.images;
    batch.labels = data.labels;
    BatchObjective objective(network.graph, batch, base::Stream(1, "dropout"),
                             {.execution = execution});
    return objective.loss_and_gradients(network.state, {}).gradients;
  };
  const auto exact = gradients({}), rough = gradients(bf16);
  ASSERT_EQ(exact.size(), rough.size());
  for (std::size_t k = 0; k < exact.size(); ++k) {
    EXPECT_EQ(rough[k].tensor.scalar_type(), at::kFloat);
    const double cosine = at::Tensor(exact[k].tensor.mul(rough[k].tensor).sum())
                              .div(exact[k].tensor.norm().mul(rough[k].tensor.norm()).add(1e-12))
                              .item<double>();
    if (exact[k].name != "conv.bias") {
      EXPECT_GT(cosine, 0.98) << exact[k].name;
    }
  }
}

TEST(Compute, TrainsInBfloat16) {
  const auto result =
      fit(tiny_network(), tiny_data(200, 1), tiny_data(100, 2),
          {.epochs = 8, .batch = 20, .optimiser = "adam(lr=0.02)", .execution = bf16});
  EXPECT_GT(result.history.back().validation_accuracy, 0.9);
  for (const auto& one : result.last.state.tensors()) {
    EXPECT_EQ(one.tensor.scalar_type(), at::kFloat) << one.name;
  }
}

}  // namespace
}  // namespace ranklens::train
