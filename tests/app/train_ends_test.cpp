// How a training ends that does not come through, and one whose rate the test images set.
#include <filesystem>
#include <optional>
#include <regex>

#include "ranklens/base/files.h"
#include "ranklens/base/folder_lock.h"
#include "ranklens/base/json.h"
#include "ranklens/base/safetensors.h"
#include "ranklens/nn/model_file.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

Args training(const fs::path& out, const Args& more) {
  return joined(
      {"train", "mlp", "--hidden", "16,16,16,16,16,16,16,16", "--data", "scenes:train=60,test=30",
       "--epochs", "3", "--batch", "16", "--out", out.string(), "--threads", "1"},
      more);
}

constexpr std::int64_t kStepsAnEpoch = 4;  // 60 images in batches of 16

/// What the one sentence of a training that diverged after a checkpoint says.
struct ToldEnd {
  std::int64_t step = 0, epoch = 0;
  std::int64_t checkpoint = 0;  ///< of this step
  std::int64_t best_epoch = 0;
  std::string best = {};  ///< its file; "" where no network is named
};

std::optional<ToldEnd> told_end(const Finished& finished) {
  EXPECT_EQ(finished.status, 1) << finished.err;
  static const std::regex sentence(
      R"(ranklens: .+ at step (\d+) \(epoch (\d+)\): lower the learning rate or clip the )"
      R"(gradients; the last checkpoint is of step (\d+)(; the network of epoch (\d+) is (.+))?)"
      R"(; another rate is another training, with another --out\n)");
  std::smatch found;
  if (!std::regex_match(finished.err, found, sentence)) return std::nullopt;
  const auto number = [&](std::size_t k) { return std::stoll(found.str(k)); };
  ToldEnd told{.step = number(1), .epoch = number(2), .checkpoint = number(3)};
  if (found[4].matched) told.best_epoch = number(5), told.best = found.str(6);
  EXPECT_EQ(told.epoch, (told.step - 1) / kStepsAnEpoch + 1);
  return told;
}

TEST(TrainEnds, ADivergedTrainingWithoutAPageSaysWhy) {
  const TemporaryFolder folder;
  expect_complaint(ranklens(training(folder / "run", {"--optimiser", "sgd(lr=1e6)"})), 1,
                   ": lower the learning rate");
}

// The checkpoint is of the step before, its weights are numbers, and a run that is taken up there
// ends as before.
TEST(TrainEnds, ADivergedTrainingNamesItsStepAndItsLastCheckpoint) {
  const TemporaryFolder folder;
  const Args each{"--checkpoint-steps", "1"};
  const std::vector<std::pair<const char*, Args>> cases{
      {"sgd", {"--optimiser", "sgd(lr=1e6)"}},
      {"bug",
       {"--seed", "4", "--layers", "*: low_rank(r=6)", "--optimiser", "bug(lr=1e6,tau=0.1)"}}};
  for (const auto& [name, more] : cases) {
    SCOPED_TRACE(name);
    const auto args = training(folder / name, joined(more, each));
    const auto once = ranklens(args);
    const auto told = told_end(once);
    ASSERT_TRUE(told) << once.err;
    EXPECT_EQ(told->checkpoint, told->step - 1);
    const auto kept = base::read_safetensors(folder / name / "checkpoint.safetensors");
    EXPECT_EQ(base::parse_json(kept.metadata.at("position"), "position").at("steps"),
              told->checkpoint);
    for (const auto& [which, tensor] : kept.tensors) {
      if (!which.starts_with("state/")) continue;
      EXPECT_TRUE(tensor.isfinite().all().item<bool>()) << which;
    }
    EXPECT_EQ(ranklens(args).err, once.err);
  }
}

// One that comes through its first epoch leaves the network of that.
TEST(TrainEnds, ALateDivergenceLeavesTheBestNetworkAndSaysWhere) {
  const TemporaryFolder folder;
  const auto done = ranklens(training(folder / "late", {"--optimiser", "sgd(lr=100)"}));
  const auto told = told_end(done);
  ASSERT_TRUE(told) << done.err;
  EXPECT_EQ(told->checkpoint, (told->epoch - 1) * kStepsAnEpoch);
  EXPECT_TRUE(fs::exists(folder / "late/checkpoint.safetensors"));
  ASSERT_EQ(told->best, (folder / "late/best.safetensors").string()) << done.err;
  EXPECT_GE(told->best_epoch, 1);
  EXPECT_LT(told->best_epoch, told->epoch);
  for (const auto& one : nn::read_model(told->best).network.state.tensors())
    EXPECT_TRUE(one.tensor.isfinite().all().item<bool>()) << one.name;
}

TEST(TrainEnds, AFolderHasOneTrainingAtATime) {
  const TemporaryFolder folder;
  const auto out = folder / "run";
  const Args more{"--optimiser", "sgd(lr=1e-3)"};
  fs::create_directories(out);
  {
    const base::FolderLock held(out, "trains");
    expect_complaint(ranklens(training(out, more)), 2, "another process trains in '");
  }
  EXPECT_EQ(ranklens(training(out, more)).status, 0);
}

TEST(TrainEnds, AnotherSeedIsAnotherNetworkAndAnotherOrderOfImages) {
  const TemporaryFolder folder;
  const auto last = [&](const char* name, const Args& args) {
    const auto done = ranklens(args);
    EXPECT_EQ(done.status, 0) << done.err;
    return base::read_file(folder / name / "last.safetensors");
  };
  const auto from_scratch = [&](const char* name, const char* seed) {
    return last(name, training(folder / name, {"--optimiser", "sgd(lr=1e-2)", "--seed", seed}));
  };
  const auto first = from_scratch("a", "4");
  EXPECT_EQ(first, from_scratch("b", "4"));
  EXPECT_NE(first, from_scratch("c", "5"));
  const auto model = (folder / "a/last.safetensors").string();
  const auto on_from_there = [&](const char* name, const char* seed) {
    return last(name, {"train", model, "--data", "scenes:train=60,test=30", "--epochs", "1",
                       "--batch", "16", "--optimiser", "sgd(lr=1e-2)", "--threads", "1", "--seed",
                       seed, "--out", (folder / name).string()});
  };
  const auto on = on_from_there("d", "4");
  EXPECT_EQ(on, on_from_there("e", "4"));
  EXPECT_NE(on, on_from_there("f", "5"));
}

// Plateau looks at the test images where none are held out: the last network, too, is theirs.
TEST(TrainEnds, ARateThatTheTestImagesSetIsSaid) {
  const TemporaryFolder folder;
  const auto chosen = [&](const fs::path& out) {
    const auto found = ranklens({"evaluate", (out / "last.safetensors").string(), "--data",
                                 "scenes:train=60,test=30", "--json"});
    return answer_of(found)["chosen_on_these_images"].get<bool>();
  };
  const auto trained = [&](const char* name, const Args& more) {
    const auto done = ranklens(training(folder / name, more));
    EXPECT_EQ(done.status, 0) << done.err;
    return folder / name;
  };
  // No loss falls to a tenth in an epoch here.
  const Args falls{"--schedule", "plateau(patience=0,threshold=0.9)"};
  EXPECT_TRUE(chosen(trained("test", falls)));
  EXPECT_FALSE(chosen(trained("own", joined(falls, {"--hold-out", "0.5"}))));
  EXPECT_FALSE(chosen(trained("patient", {"--schedule", "plateau(patience=9)"})));
  EXPECT_FALSE(chosen(trained("cosine", {"--schedule", "cosine"})));
}

}  // namespace
}  // namespace ranklens::app
