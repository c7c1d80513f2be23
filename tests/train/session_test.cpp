// What a run keeps between its calls, and what it says at its end.
#include "ranklens/train/session.h"

#include <cmath>
#include <fcntl.h>
#include <unistd.h>

#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/files.h"
#include "ranklens/base/folder_lock.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/base/leftovers.h"
#include "ranklens/base/safetensors.h"
#include "ranklens/base/threads.h"
#include "ranklens/base/version.h"
#include "ranklens/tn/linear/kept_states.h"

#include "testing/expect_error.h"
#include "testing/temporary_folder.h"
#include "train/tiny.h"

namespace ranklens::train {
namespace {

using ranklens::testing::expect_error;
using ranklens::testing::TemporaryFolder;
using ::testing::HasSubstr;

/// Two images of one bright pixel, of the classes 1 and 2.
data::Dataset one_pixel(double brightness) {
  auto data = tiny_data(2, 1);
  data.images = at::zeros({2, 1, 8, 8});
  data.images.select(3, 0).select(2, 0).fill_(brightness);
  data.labels = at::tensor({1, 2}, at::kLong);
  data.hash = data::content_hash(data);
  return data;
}

/// A linear map that takes the bright pixel for class 0. In steps of sgd(lr=2) the weight falls
/// from 6.5 to 4.5, 2.6, 1.6: at a pixel of 1e38 the logit is beyond float32 after the first.
nn::Network surely_wrong() {
  auto network = linear_network();
  auto weight = at::zeros({3, 64});
  weight[0][0].fill_(6.5);
  network.state.set_tensor("head.weight", weight);
  return network;
}

FitResult overflowing(std::int64_t epochs, const std::filesystem::path& folder = {},
                      const base::Progress& progress = {}, BestBy best_by = BestBy::loss) {
  return fit(surely_wrong(), one_pixel(1), one_pixel(1e38),
             {.epochs = epochs,
              .batch = 2,
              .optimiser = "sgd(lr=2)",
              .best_by = best_by,
              .folder = folder,
              .progress = progress});
}

/// Ends after the first step, with a checkpoint.
void begin_and_stop(const std::filesystem::path& folder) {
  const auto stopped =
      overflowing(3, folder, [](const base::ProgressUpdate&) { base::request_interrupt(); });
  base::clear_interrupt();
  ASSERT_EQ(stopped.ending, FitResult::Ending::interrupted);
  ASSERT_EQ(stopped.steps, 1);
}

TEST(Session, ALossThatIsNotFiniteIsNeverTheBest) {
  const auto result = overflowing(3);
  ASSERT_FALSE(std::isfinite(result.history[0].validation_loss));
  ASSERT_TRUE(std::isfinite(result.history[1].validation_loss));
  EXPECT_LT(result.history[2].validation_loss, result.history[1].validation_loss);
  EXPECT_EQ(result.best_epoch, 3);
  EXPECT_TRUE(same_state(result.best.state, result.last.state));
  const auto none = overflowing(1);
  EXPECT_EQ(none.ending, FitResult::Ending::finished);
  EXPECT_EQ(none.best_epoch, 0);
  EXPECT_TRUE(same_state(none.best.state, none.last.state));
  // Its answers are some class nevertheless.
  const auto by_accuracy = overflowing(1, {}, {}, BestBy::accuracy);
  ASSERT_FALSE(std::isfinite(by_accuracy.history[0].validation_loss));
  EXPECT_EQ(by_accuracy.best_epoch, 0);
  EXPECT_GT(overflowing(3, {}, {}, BestBy::accuracy).best_epoch, 1);
}

TEST(Session, AFolderHasOneTrainingAtATime) {
  const TemporaryFolder folder;
  begin_and_stop(folder.path());
  {
    const base::FolderLock held(folder.path(), "trains");
    expect_error([&] { overflowing(3, folder.path()); }, "another process trains in '");
  }
  EXPECT_EQ(overflowing(3, folder.path()).ending, FitResult::Ending::finished);
}

TEST(Session, LeavesATemporaryThatIsBeingWritten) {
  const TemporaryFolder folder;
  begin_and_stop(folder.path());
  const auto left = folder / ".checkpoint.safetensors.1.2.tmp";
  base::write_file(left, "x");
  const int writer = ::open(left.c_str(), O_RDONLY);
  ASSERT_TRUE(base::mark_in_use(writer));
  remove_leftovers(folder.path());
  EXPECT_TRUE(std::filesystem::exists(left));
  ::close(writer);
  remove_leftovers(folder.path());
  EXPECT_FALSE(std::filesystem::exists(left));
}

TEST(Session, GoesOnWhereNoEpochWasTheBestYet) {
  const TemporaryFolder folder;
  begin_and_stop(folder.path());
  const auto result = overflowing(3, folder.path());
  const auto expected = overflowing(3);
  EXPECT_EQ(result.best_epoch, expected.best_epoch);
  EXPECT_TRUE(same_state(result.best.state, expected.best.state));
  EXPECT_TRUE(same_state(result.last.state, expected.last.state));
}

/// Changes what the folder's checkpoint says.
template <class Change>
void edit_checkpoint(const std::filesystem::path& folder, const Change& change) {
  auto file = base::read_safetensors(checkpoint_path(folder));
  auto position = nlohmann::json::parse(file.metadata.at("position"));
  change(position, file.tensors);
  file.metadata["position"] = position.dump();
  base::write_safetensors(checkpoint_path(folder), file);
}

// Earlier versions took a first epoch for the best whatever its loss, and wrote it as null.
// What a step took before an epoch was interrupted counts; what an earlier version did not measure
// is not taken for nothing.
TEST(Session, ProcessorTimeOfAnEpochSurvivesItsInterruption) {
  const auto run_on = [](const std::filesystem::path& folder, const base::Progress& progress) {
    return fit(
        linear_network(), tiny_data(8, 1), {},
        {.epochs = 1, .batch = 2, .optimiser = "sgd", .folder = folder, .progress = progress});
  };
  const TemporaryFolder folder;
  for (const bool measured : {true, false}) {
    const auto path = folder.path() / (measured ? "measured" : "earlier");
    run_on(path, [](const base::ProgressUpdate&) { base::request_interrupt(); });
    base::clear_interrupt();
    edit_checkpoint(path, [&](nlohmann::json& position, auto&) {
      position["sums"]["processor_seconds"] = 1e6;
      if (!measured) position["sums"].erase("processor_seconds");
    });
    const auto seconds = run_on(path, {}).history.at(0).processor_seconds;
    EXPECT_TRUE(measured ? seconds > 1e6 : std::isnan(seconds)) << seconds;
  }
}

TEST(Session, ABestValueOfNullIsNone) {
  const TemporaryFolder folder;
  begin_and_stop(folder.path());
  edit_checkpoint(folder.path(), [](nlohmann::json& position, auto& tensors) {
    position["best_epoch"] = 1;
    position["best_value"] = nullptr;
    tensors["best/head.weight"] = tensors.at("state/head.weight");
  });
  EXPECT_EQ(overflowing(3, folder.path()).best_epoch, 3);
}

// Pixels of 1e34: the only loss is finite, and so is its gradient, but not lr times as much.
TEST(Session, WeightsThatAreNotFiniteAreADivergenceWithoutAFolderToo) {
  auto data = tiny_data(24, 1);
  data.images = data.images.mul(1e34);
  const TemporaryFolder folder;
  for (const auto& where : {std::filesystem::path(), folder.path()}) {
    const auto result =
        fit(linear_network(), data, {},
            {.epochs = 1, .batch = 24, .optimiser = "sgd(lr=1e6)", .folder = where});
    EXPECT_EQ(result.ending, FitResult::Ending::diverged);
    EXPECT_THAT(result.message, HasSubstr("a weight is not finite"));
    EXPECT_THAT(result.message, HasSubstr("at step 1 (epoch 1)"));
    EXPECT_THAT(result.message, HasSubstr("there is no checkpoint"));
  }
}

// Killed between the two files, a run has a checkpoint and no metrics, or those of the epoch
// before.
TEST(Session, MetricsThatAreMissingAreWrittenAgain) {
  const TemporaryFolder folder;
  const auto metrics = folder / "metrics.jsonl";
  overflowing(3, folder.path());
  const auto whole = base::read_file(metrics);
  std::filesystem::remove(metrics);
  overflowing(3, folder.path());
  EXPECT_EQ(base::read_file(metrics), whole);
  base::write_file(metrics, whole.substr(0, whole.find('\n') + 1));
  overflowing(3, folder.path());
  EXPECT_EQ(base::read_file(metrics), whole);
}

/// Begun by direct convolutions on one thread, gone on with `threads`, after an edit of the
/// checkpoint.
template <class Change>
Provenance gone_on_with(int threads, const Change& change) {
  using nn::fused::Convolutions;
  const KernelScope kernels;
  const base::ThreadScope one(1);
  const TemporaryFolder folder;
  nn::fused::set_convolutions(Convolutions::direct);
  begin_and_stop(folder.path());
  edit_checkpoint(folder.path(), [&](nlohmann::json& position, auto&) { change(position); });
  nn::fused::set_convolutions(Convolutions::winograd);
  base::set_threads(threads);
  return overflowing(3, folder.path()).provenance;
}

TEST(Session, SaysWhatComputedEveryPart) {
  using Values = std::vector<std::string>;
  const auto same = gone_on_with(1, [](nlohmann::json&) {});
  EXPECT_EQ(same.at("convolutions"), Values{"direct"}) << "it goes on with what it began with";
  EXPECT_EQ(same.at("threads"), Values{"1"});
  const auto other = gone_on_with(2, [](nlohmann::json& position) {
    position["provenance"]["processor"] = {"another"};
    position["provenance"]["libtorch"] = {"2.6.0", "2.7.0"};
  });
  EXPECT_EQ(other.at("threads"), (Values{"1", "2"}));
  EXPECT_EQ(other.at("processor"), (Values{"another", base::processor()}));
  EXPECT_EQ(other.at("libtorch"), (Values{"2.6.0", "2.7.0", base::libtorch_version()}));
}

// What layers may keep decides the order of their sums: a run goes on with what it began with, and
// does not decide for the next.
TEST(Session, GoesOnWithTheAllowanceThatItBeganWith) {
  const double mine = tn::state_allowance();
  const auto found =
      gone_on_with(1, [](nlohmann::json& position) { position["state_allowance"] = 12e6; });
  EXPECT_EQ(tn::state_allowance(), mine);
  EXPECT_EQ(found.at("kept states").back(), "up to 12 MB a layer");
  const auto older =
      gone_on_with(1, [](nlohmann::json& position) { position.erase("state_allowance"); });
  EXPECT_EQ(older.at("kept states").size(), 1U);
}

// Checkpoints of earlier versions know kernels and threads only.
TEST(Session, SaysWhatItKnowsOfACheckpointWithoutProvenance) {
  using Values = std::vector<std::string>;
  const auto found =
      gone_on_with(2, [](nlohmann::json& position) { position.erase("provenance"); });
  EXPECT_EQ(found.at("convolutions"), Values{"direct"});
  EXPECT_EQ(found.at("threads"), (Values{"1", "2"}));
  EXPECT_EQ(found.at("processor"), Values{base::processor()});
}

TEST(Session, WhoeverOnlyReadsAFinishedRunDidNotComputeIt) {
  const TemporaryFolder folder;
  overflowing(1, folder.path());
  edit_checkpoint(folder.path(), [](nlohmann::json& position, auto&) {
    position["provenance"]["processor"] = {"another"};
  });
  const auto again = overflowing(1, folder.path());
  EXPECT_EQ(again.provenance.at("processor"), std::vector<std::string>{"another"});
}

TEST(Session, OfOtherDataBothTextsAreNamed) {
  const TemporaryFolder folder;
  const auto run = [&](const std::string& text, std::uint64_t seed) {
    const auto data = tiny_data(6, seed);
    fit(linear_network(), data, data,
        {.epochs = 1, .batch = 2, .folder = folder.path(), .data_text = text});
  };
  run("npy:A", 1);
  expect_error([&] { run("npy:B --grey", 2); }, " here ('npy:A' there, 'npy:B --grey' here); take");
  expect_error([&] { run("npy:A", 2); }, " here (both times 'npy:A'); take");
  run("npy:C", 1);  // the same images elsewhere
  expect_error(
      [&] {
        fit(linear_network(), tiny_data(6, 1), tiny_data(6, 1),
            {.epochs = 2, .batch = 2, .folder = folder.path(), .data_text = "npy:D"});
      },
      "epochs is 1 there and 2 here; take");
}

}  // namespace
}  // namespace ranklens::train
