#include "ranklens/study/make_cell.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/base/product.h"
#include "ranklens/base/threads.h"
#include "ranklens/data/pixels.h"
#include "ranklens/nn/fused/winograd.h"
#include "ranklens/nn/model_file.h"

#include "study/tiny.h"
#include "testing/temporary_folder.h"

namespace ranklens::study {
namespace {

class MakeCell : public ::testing::Test {
 protected:
  void SetUp() override {
    base::set_threads(1);
    base::set_product_kernel(base::ProductKernel::libtorch);
  }
  void TearDown() override { base::clear_interrupt(); }

  ranklens::testing::TemporaryFolder whole_, shared_;
};

double total_seconds(const Cell& cell) {
  double sum = 0;
  for (const auto& [stage, seconds] : cell.seconds) sum += seconds;
  return sum;
}

/// Seconds of a cell: those of its stages, and those by the clock.
struct Timed {
  double stages = 0, clock = 0;
  double gap() const { return std::abs(stages - clock); }
};

/// The attempt whose two sums are nearest: what a busy machine keeps waiting between two stages is
/// in some attempts, what is not counted would be in all.
template <class Attempt>
Timed nearest_of_three(const Attempt& attempt) {
  auto best = attempt();
  for (int repeat = 1; repeat < 3; ++repeat) {
    const auto next = attempt();
    if (next.gap() < best.gap()) best = next;
  }
  return best;
}

/// Two epochs in a folder of their own; `interrupted`: stopped in the second one and gone on with.
Timed timed_cell(bool interrupted) {
  auto config = tiny();
  config.epochs = config.full_epochs = 2;
  const auto material = open_material(config);
  const ranklens::testing::TemporaryFolder folder;
  base::Stopwatch watch;
  double clock = 0;
  if (interrupted) {
    auto options = quiet(folder.path());
    options.progress = [](const base::ProgressUpdate& update) {
      if (update.done > 48) base::request_interrupt();
    };
    EXPECT_FALSE(make_cell(config, options, material, "dense", 1));
    base::clear_interrupt();
    clock = watch.restart();
  }
  const auto made = make_cell(config, quiet(folder.path()), material, "dense", 1);
  clock += watch.restart();
  if (!made) throw base::Error("the cell was not made");
  for (const auto& [stage, seconds] : made->cell.seconds) EXPECT_GT(seconds, 0) << stage;
  return {total_seconds(made->cell), clock};
}

TEST_F(MakeCell, TheStagesOfACellAddUpToItsTimeByTheClock) {
  const auto found = nearest_of_three([] { return timed_cell(false); });
  EXPECT_NEAR(found.stages, found.clock, 0.02 + 0.02 * found.clock);
}

TEST_F(MakeCell, WhatAnInterruptedProcessDidCounts) {
  const auto found = nearest_of_three([] { return timed_cell(true); });
  EXPECT_NEAR(found.stages, found.clock, 0.05 + 0.05 * found.clock);
}

TEST_F(MakeCell, WhatNetworksTakeTheImagesForIsKept) {
  const auto config = tiny();
  const auto material = open_material(config);
  const auto made = make_cell(config, quiet(whole_.path()), material, "dense", 1);
  ASSERT_TRUE(made);
  const auto model = nn::read_model(whole_ / "work" / "dense-s1" / "model.safetensors");
  const auto images = data::in_unit_range(material.selection.data.images);
  const auto [probability, best] = model.network(images).softmax(1).max(1);
  EXPECT_TRUE(made->pictures.predicted.equal(best));
  EXPECT_TRUE(made->pictures.probability.allclose(probability, 1e-4, 1e-5));
}

TEST_F(MakeCell, ImagesWhoseMasksSayNothingAreLeftOutAndCounted) {
  auto config = tiny();
  config.images = "test:5";
  config.methods = {"saliency"};
  auto material = open_material(config);
  auto& masks = material.selection.data.masks;
  masks = masks.clone();
  masks[1].zero_();
  masks[3].fill_(1);
  const auto made = make_cell(config, quiet(whole_.path()), material, "dense", 1);
  ASSERT_TRUE(made);
  const auto& values = made->pictures.values.at("saliency");
  const auto mean_of = [&](const char* metric, const std::vector<std::int64_t>& places) {
    return values.at(metric).index_select(0, at::tensor(places)).mean().item<double>();
  };
  const auto& scores = made->cell.scores.at("saliency");
  EXPECT_DOUBLE_EQ(scores.at("mass_accuracy"), mean_of("mass_accuracy", {0, 2, 4}));
  EXPECT_DOUBLE_EQ(scores.at("gini"), mean_of("gini", {0, 1, 2, 3, 4}));
  const auto& left_out = made->cell.left_out;
  EXPECT_EQ(left_out.at("saliency").at("mass_accuracy"), 2);
  EXPECT_EQ(left_out.at("random").at("roc_auc"), 2);
  EXPECT_FALSE(left_out.at("saliency").contains("gini"));

  masks.zero_();
  const auto none = make_cell(config, quiet(shared_.path()), material, "dense", 1);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->cell.scores.at("saliency").contains("mass_accuracy"));
  EXPECT_EQ(none->cell.left_out.at("saliency").at("mass_accuracy"), 5);
}

TEST_F(MakeCell, EveryFactorisedWeightOfTheHeadIsNamed) {
  auto config = tiny();
  const auto material = open_material(config);
  const auto made = make_cell(config, quiet(whole_.path()), material, "tt", 1);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->cell.head,
            "tt(out=24x24x6,in=16x16x2,r=16x12), tt(out=8x8x2,in=24x24x6,r=16x12)");
}

TEST_F(MakeCell, AnotherNumberOfThreadsIsSaidWhenARunGoesOn) {
  const auto config = tiny();
  const auto material = open_material(config);
  auto options = quiet(whole_.path());
  std::vector<std::string> notes;
  options.note = [&](const std::string& line) { notes.push_back(line); };
  options.progress = [](const base::ProgressUpdate&) { base::request_interrupt(); };
  ASSERT_FALSE(make_cell(config, options, material, "dense", 1));
  ASSERT_FALSE(make_cell(config, options, material, "dense", 1));
  EXPECT_TRUE(notes.empty());
  base::clear_interrupt();
  base::set_threads(2);
  options.progress = {};
  const auto made = make_cell(config, options, material, "dense", 1);
  base::set_threads(1);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->cell.provenance.at("threads"), "1 and 2");
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0],
            "'train dense-s1' was begun with 1 thread and goes on with 2: its results are not bit "
            "for bit those of one number of threads");
}

TEST_F(MakeCell, ACellNamesTheKernelsThatItsTrainingWentOnWith) {
  using nn::fused::Convolutions;
  const auto config = tiny();
  const auto material = open_material(config);
  auto options = quiet(whole_.path());
  options.progress = [](const base::ProgressUpdate&) { base::request_interrupt(); };
  nn::fused::set_convolutions(Convolutions::direct);
  ASSERT_FALSE(make_cell(config, options, material, "dense", 1));
  base::clear_interrupt();
  nn::fused::set_convolutions(Convolutions::winograd);
  const auto made = make_cell(config, quiet(whole_.path()), material, "dense", 1);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->cell.provenance.at("convolutions"), "direct");
  const auto fresh = make_cell(config, quiet(shared_.path()), material, "dense", 1);
  ASSERT_TRUE(fresh);
  EXPECT_EQ(fresh->cell.provenance.at("convolutions"), "winograd");
}

}  // namespace
}  // namespace ranklens::study
