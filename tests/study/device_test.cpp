// A cell on another device than the processor.
#include "ranklens/base/device.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/nn/model_file.h"
#include "ranklens/study/compare.h"
#include "ranklens/study/make_cell.h"

#include "study/tiny.h"
#include "testing/temporary_folder.h"

namespace ranklens::study {
namespace {

class DeviceCell : public ::testing::Test {
 protected:
  void SetUp() override {
    try {
      cuda_ = base::parse_device("cuda:0");
    } catch (const base::Error& error) {
      GTEST_SKIP() << error.what();
    }
    base::compute_in_full_precision();
  }

  MadeCell made(at::Device device, const std::filesystem::path& folder) const {
    auto options = quiet(folder);
    options.device = device;
    auto cell = make_cell(config_, options, material_, arm_, 1);
    EXPECT_TRUE(cell);
    return cell.value_or(MadeCell());
  }

  at::Device cuda_ = at::kCPU;
  Config config_ = tiny();
  Material material_ = open_material(config_);
  std::string arm_ = "tt-matched";
  ranklens::testing::TemporaryFolder here_, there_;
};

void expect_near(const Values& here, const Values& there, const std::string& key,
                 double tolerance) {
  ASSERT_EQ(here.size(), there.size()) << key;
  for (const auto& [metric, value] : here)
    EXPECT_NEAR(value, there.at(metric), tolerance * (1 + std::abs(value))) << key << " " << metric;
}

// A step moves a weight by the sign of its gradient, almost: three steps of Adam let the rounding
// of two devices grow, so that little is left of the last digits.
TEST_F(DeviceCell, TrainsExplainsAndMeasuresAsTheProcessorDoes) {
  const auto here = made(at::kCPU, here_.path()), there = made(cuda_, there_.path());
  EXPECT_EQ(there.cell.provenance.at("device"), "cuda:0");
  EXPECT_EQ(there.cell.identity, here.cell.identity);
  EXPECT_NEAR(there.cell.history[0].loss, here.cell.history[0].loss, 1e-3);
  EXPECT_NEAR(there.cell.loss, here.cell.loss, 2e-2);
  ASSERT_EQ(there.cell.scores.size(), here.cell.scores.size());
  for (const auto& [key, values] : here.cell.scores) {
    // Before the training nothing has grown yet, and controls know no network.
    const bool fresh = key.find("untrained") != key.npos || key == "sobel" || key == "random";
    expect_near(values, there.cell.scores.at(key), key, fresh ? 1e-3 : 0.1);
  }
  for (const auto& [method, maps] : there.pictures.maps) {
    EXPECT_TRUE(maps.is_cpu()) << method;
    EXPECT_EQ(maps.sizes(), here.pictures.maps.at(method).sizes());
  }
  EXPECT_TRUE(there.pictures.predicted.is_cpu());
}

TEST_F(DeviceCell, ACheckpointGoesOnOnAnotherDevice) {
  config_.epochs = config_.full_epochs = 2;
  auto options = quiet(here_.path());
  options.device = cuda_;
  options.progress = [](const base::ProgressUpdate& update) {
    if (update.done > 48) base::request_interrupt();
  };
  ASSERT_FALSE(make_cell(config_, options, material_, arm_, 1));
  base::clear_interrupt();
  const auto gone_on = make_cell(config_, quiet(here_.path()), material_, arm_, 1);
  ASSERT_TRUE(gone_on);
  EXPECT_EQ(gone_on->cell.provenance.at("device"), "cuda:0 and cpu");
  EXPECT_EQ(gone_on->cell.history.size(), 2U);
}

TEST_F(DeviceCell, WrittenNetworksAndComparisonsAreOfTheProcessor) {
  made(cuda_, here_.path());
  const auto model = nn::read_model(here_ / "work" / (cell_name(arm_, 1)) / "model.safetensors");
  auto moved = model.network;
  moved.state = moved.state.to(cuda_);
  const auto found =
      compare(model.network, moved, material_.test,
              {.methods = {"gradcam", "integrated_gradients", "smoothgrad(samples=2)"},
               .explained = 4,
               .seconds = 0.01});
  EXPECT_EQ(found.same_answers, 1);
  EXPECT_NEAR(found.first.loss, found.second.loss, 1e-4);
  for (const auto& maps : found.maps)
    EXPECT_GT(maps.agreement.at("cosine").mean, 0.999) << maps.method;
}

TEST_F(DeviceCell, SpeedsAreMeasuredThere) {
  const RunOptions options{.folder = here_.path(), .device = cuda_, .speed_seconds = 0.05};
  const auto results = run(config_, options);
  ASSERT_EQ(results.speeds.size(), config_.arms.size());
  for (const auto& [arm, speed] : results.speeds) EXPECT_GT(speed.training, 0) << arm;
}

}  // namespace
}  // namespace ranklens::study
