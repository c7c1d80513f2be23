// How a training ends that does not come through, and one whose rate the test images set.
#include <filesystem>

#include "ranklens/base/files.h"
#include "ranklens/base/folder_lock.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

Args training(const fs::path& out, const Args& more) {
  return joined(
      {"train", "mlp", "--hidden", "16,16,16,16,16,16,16,16", "--data", "scenes:train=60,test=30",
       "--epochs", "3", "--batch", "16", "--out", out.string(), "--threads", "1"},
      more);
}

TEST(TrainEnds, ADivergedTrainingWithoutAPageSaysWhy) {
  const TemporaryFolder folder;
  const auto out = folder / "run";
  expect_complaint(ranklens(training(out, {"--optimiser", "sgd(lr=1e6)"})), 1,
                   ": lower the learning rate");
  // One that comes through its first epoch leaves the network of that.
  expect_complaint(ranklens(training(folder / "late", {"--optimiser", "sgd(lr=100)"})), 1,
                   "the network of epoch ");
  EXPECT_TRUE(fs::exists(folder / "late/best.safetensors"));
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
