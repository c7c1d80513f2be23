
#include <ATen/ops/equal.h>
#include <fmt/format.h>

#include "ranklens/base/files.h"
#include "ranklens/base/sha256.h"
#include "ranklens/nn/model_file.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

/// A run of a fraction of a second; `more` flags come last.
Args command(const fs::path& out, const Args& more = {}) {
  return joined({"train", "mlp", "--hidden", "16", "--data", "scenes:train=60,test=30", "--epochs",
                 "3", "--batch", "16", "--out", out.string(), "--seed", "4", "--threads", "1"},
                more);
}

/// The same with another value behind a flag.
Args changed(Args args, const std::string& flag, const std::string& value) {
  *std::next(std::find(args.begin(), args.end(), flag)) = value;
  return args;
}

bool no_temporaries(const fs::path& folder) {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".tmp") return false;
  }
  return true;
}

TEST(Train, WritesAPageOfRanksAndKeepsALineAStep) {
  const TemporaryFolder folder;
  const auto out = folder / "run", page = folder / "page.html";
  auto args = command(out, {"--layers", "*: low_rank(r=6)", "--optimiser", "bug(lr=5e-3,tau=0.1)",
                            "--report", page.string()});
  ASSERT_EQ(ranklens(args).status, 0);
  const auto html = base::read_file(page);
  EXPECT_THAT(html, ::testing::HasSubstr("Training of mlp"));
  EXPECT_THAT(html, ::testing::HasSubstr("How far bases are from orthonormal"));
  const auto lines = base::read_file(out / "steps.jsonl");
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 12);
  const auto listed = json_of(out / "manifest.json")["entries"].dump();
  EXPECT_THAT(listed, ::testing::HasSubstr("steps.jsonl"));
}

// The folder is made by the training, so its page may lie there.
TEST(Train, ThePageMayLieAmongTheResults) {
  const TemporaryFolder folder;
  const auto out = folder / "run";
  ASSERT_EQ(ranklens(command(out, {"--report", (out / "page.html").string()})).status, 0);
  EXPECT_THAT(base::read_file(out / "page.html"),
              ::testing::HasSubstr("test images, which also chose the best epoch"));
  expect_complaint(
      ranklens(command(folder / "other", {"--report", (folder / "no/page.html").string()})), 2,
      "is no folder");
  for (const char* name : {"best.safetensors", "metrics.jsonl", "manifest.json"}) {
    expect_complaint(
        ranklens(command(folder / "own", {"--report", (folder / "own" / name).string()})), 2,
        "which the training writes itself");
  }
  // One that ends in its first step leaves nothing there, so that a better rate finds it free.
  const auto lost = folder / "lost";
  const auto at_rate = [&](const char* rate) {
    return ranklens(
        command(lost, {"--optimiser", fmt::format("sgd(lr={})", rate), "--hidden",
                       "16,16,16,16,16,16,16,16", "--report", (lost / "page.html").string()}));
  };
  expect_complaint(at_rate("1e6"), 1, "lower the learning rate");
  EXPECT_EQ(at_rate("1e-3").status, 0);
}

TEST(Train, ADivergedTrainingLeavesItsPageAndItsSteps) {
  const TemporaryFolder folder;
  const auto out = folder / "run", page = folder / "page.html";
  const auto with = [&](const char* optimiser) {
    return ranklens(changed(command(out, {"--layers", "*: low_rank(r=6)", "--optimiser", optimiser,
                                          "--report", page.string()}),
                            "--hidden", "16,16,16,16,16,16,16,16"));
  };
  // Nine weights of 1e6 make numbers beyond 1e38.
  expect_complaint(with("bug(lr=1e6,tau=0.1)"), 1, "lower the learning rate");
  EXPECT_THAT(base::read_file(page), ::testing::HasSubstr("Not finished: "));
  EXPECT_THAT(base::read_file(out / "steps.jsonl"), ::testing::HasSubstr("rank/fc1.weight"));
  // The folder is free for a better rate, and holds what that one left.
  ASSERT_EQ(with("bug(lr=5e-3,tau=0.1)").status, 0);
  const auto lines = base::read_file(out / "steps.jsonl");
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 12);
  EXPECT_THAT(base::read_file(page), ::testing::Not(::testing::HasSubstr("Not finished")));
}

TEST(Train, AnOptimiserWithNothingToDoIsRefusedBeforeItsFolderIsMade) {
  const TemporaryFolder folder;
  expect_complaint(ranklens(command(folder / "run", {"--optimiser", "bug(tau=0.1)"})), 2, "bug");
  EXPECT_FALSE(fs::exists(folder / "run"));
}

TEST(Train, LeavesWhatItsContractSays) {
  const TemporaryFolder folder;
  const auto out = folder / "run";
  const auto result = answer_of(ranklens(command(out, {"--json"})));
  EXPECT_EQ(result["epochs"], 3);
  EXPECT_EQ(result["steps"], 12);  // 60 images in batches of 16
  const auto manifest = json_of(out / "manifest.json");
  EXPECT_EQ(manifest["seed"], 4);
  EXPECT_EQ(manifest["threads"], 1);
  EXPECT_EQ(manifest["dtype"], "float32");
  EXPECT_EQ(manifest["configuration"]["epochs"], 3);
  EXPECT_EQ(manifest["data_hash"].get<std::string>().size(), 16U);
  EXPECT_GT(manifest["wall_seconds"].get<double>(), 0);
  std::vector<std::string> files;
  for (const auto& entry : manifest["entries"]) {
    const auto name = entry["file"].get<std::string>();
    files.push_back(name);
    EXPECT_EQ(entry["sha256"], base::sha256_of_file(out / name));
  }
  EXPECT_THAT(files, ::testing::UnorderedElementsAre("best.safetensors", "last.safetensors",
                                                     "checkpoint.safetensors", "metrics.jsonl"));
  const auto lines = base::read_file(out / "metrics.jsonl");
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3);
  const auto model = nn::read_model(out / "best.safetensors");
  EXPECT_EQ(model.labels.size(), 10U);
  EXPECT_EQ(model.labels[0], nn::read_model(out / "last.safetensors").labels[0]);

  // What it says of the last epoch is what `evaluate` finds.
  const auto found = answer_of(ranklens({"evaluate", (out / "last.safetensors").string(), "--data",
                                         "scenes:train=60,test=30", "--json"}));
  EXPECT_DOUBLE_EQ(found["accuracy"].get<double>(), result["validation_accuracy"].get<double>());
  EXPECT_NEAR(found["loss"].get<double>(), result["validation_loss"].get<double>(), 1e-6);
}

TEST(Train, SameSeedSameBytesAndOtherOptionsOthers) {
  const TemporaryFolder folder;
  const Args recipe{"--optimiser", "sgd(lr=0.05,momentum=0.9)",
                    "--schedule",  "cosine(warmup=1)",
                    "--crop",      "2",
                    "--flip",      "--brightness",
                    "0.2",         "--label-smoothing",
                    "0.1",         "--clip-norm",
                    "1",           "--accumulate",
                    "2",           "--best-by",
                    "accuracy"};
  const auto run = [&](const char* name, const Args& more) {
    const auto done = ranklens(joined(command(folder / name, recipe), more));
    EXPECT_EQ(done.status, 0) << done.err;
    return base::read_file(folder / name / "last.safetensors");
  };
  const auto first = run("a", {});
  EXPECT_EQ(first, run("b", {}));
  EXPECT_NE(first, run("c", {"--contrast", "0.3"}));
  EXPECT_NE(first, run("d", {"--dtype", "bfloat16"}));
}

TEST(Train, ATomlFileIsTheSameAsFlags) {
  const TemporaryFolder folder;
  const auto toml = folder / "t.toml";
  base::write_file(toml,
                   "model = 'mlp'\nhidden = [16]\ndata = 'scenes:train=60,test=30'\n"
                   "epochs = 3\nbatch = 16\nseed = 4\nthreads = 1\n");
  ASSERT_EQ(ranklens(command(folder / "a")).status, 0);
  const auto done =
      ranklens({"train", "--config", toml.string(), "--out", (folder / "b").string()});
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(base::read_file(folder / "a/last.safetensors"),
            base::read_file(folder / "b/last.safetensors"));
  base::write_file(toml, "epoch = 3\n");
  expect_complaint(ranklens(command(folder / "c", {"--config", toml.string()})), 2,
                   "the key 'epoch' does not exist; nearest: 'epochs'");
}

TEST(Train, GoesOnFromAModelFile) {
  const TemporaryFolder folder;
  ASSERT_EQ(ranklens(command(folder / "a")).status, 0);
  const auto file = (folder / "a/last.safetensors").string();
  const auto done = ranklens({"train", file, "--data", "scenes:train=60,test=30", "--epochs", "1",
                              "--no-validation", "--out", (folder / "b").string(), "--json"});
  const auto result = answer_of(done);
  EXPECT_TRUE(result["validation_loss"].is_null());
  EXPECT_EQ(result["best_epoch"], 0);
}

/// A run of some seconds with a checkpoint an epoch.
Args longer(const fs::path& out) {
  return {"train",     "cnn-dense", "--width", "8",  "--data", "scenes:train=128,test=20",
          "--epochs",  "25",        "--batch", "32", "--seed", "2",
          "--threads", "1",         "--crop",  "2",  "--out",  out.string()};
}

TEST(Train, InterruptedItEndsCleanlyAndGoesOnToTheSameBytes) {
  const TemporaryFolder folder;
  const auto whole = folder / "whole", broken = folder / "broken";
  ASSERT_EQ(ranklens(longer(whole)).status, 0);
  Process child(RANKLENS_BINARY, longer(broken));
  ASSERT_TRUE(wait_for(broken / "metrics.jsonl"));
  child.signal(SIGINT);
  const auto stopped = child.wait();
  expect_complaint(stopped, 1, "the same command goes on from there");
  EXPECT_FALSE(fs::exists(broken / "last.safetensors"));
  EXPECT_FALSE(fs::exists(broken / "manifest.json"));
  EXPECT_TRUE(no_temporaries(broken));
  const auto resumed = ranklens(longer(broken));
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  for (const auto* file : {"best.safetensors", "last.safetensors"}) {
    EXPECT_EQ(base::read_file(whole / file), base::read_file(broken / file)) << file;
  }
}

// The best epoch is chosen on the test images: what `evaluate` finds on them is said to be biased.
TEST(Train, WhatChoseTheEpochIsSaid) {
  const TemporaryFolder folder;
  const std::string test = "scenes:train=60,test=30";
  const auto evaluated = [&](const fs::path& model, const std::string& data) {
    return ranklens({"evaluate", model.string(), "--data", data, "--json"});
  };
  const auto done = ranklens(command(folder / "test"));
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("chosen by the loss on the test images"));
  const auto best = folder / "test/best.safetensors";
  const auto biased = evaluated(best, test);
  EXPECT_EQ(answer_of(biased)["chosen_on_these_images"], true);
  EXPECT_THAT(biased.err, HasSubstr("these images chose the epoch of"));
  EXPECT_EQ(answer_of(evaluated(best, "scenes:train=60,test=29"))["chosen_on_these_images"], false);
  const auto last = evaluated(folder / "test/last.safetensors", test);
  EXPECT_EQ(answer_of(last)["chosen_on_these_images"], false);
  EXPECT_EQ(last.err, "");
}

// Of 60 training images half are looked at after each epoch; the test images are not touched.
TEST(Train, AShareOfTheTrainingImagesCanChooseTheEpoch) {
  const TemporaryFolder folder;
  const auto result = answer_of(ranklens(command(folder / "run", {"--hold-out", "0.5", "--json"})));
  EXPECT_EQ(result["steps"], 6);  // 30 images in batches of 16
  EXPECT_FALSE(result["validation_loss"].is_null());
  EXPECT_EQ(json_of(folder / "run/manifest.json")["configuration"]["hold_out"], 0.5);
  const auto found = ranklens({"evaluate", (folder / "run/best.safetensors").string(), "--data",
                               "scenes:train=60,test=30", "--json"});
  EXPECT_EQ(answer_of(found)["chosen_on_these_images"], false);
  EXPECT_EQ(ranklens(command(folder / "run", {"--hold-out", "0.5"})).status, 0) << "it goes on";
  expect_complaint(ranklens(command(folder / "run")), 2,
                   "begun with another configuration: training data is");
  expect_complaint(ranklens(command(folder / "run", {"--limit", "20"})), 2,
                   "('scenes:train=60,test=30 --hold-out 0.5' there, 'scenes:train=60,test=30 "
                   "--limit 20' here)");
  expect_complaint(ranklens(command(folder / "a", {"--hold-out", "1"})), 2, "--hold-out");
  expect_complaint(ranklens(command(folder / "a", {"--hold-out", "0.001"})), 2, "holds out none");
  expect_complaint(ranklens(command(folder / "a", {"--hold-out", "0.5", "--no-validation"})), 2,
                   "--hold-out");
}

TEST(Train, AFinishedRunWithoutItsMetricsWritesThemAgain) {
  const TemporaryFolder folder;
  const auto once = changed(command(folder / "run"), "--epochs", "1");
  ASSERT_EQ(ranklens(once).status, 0);
  const auto whole = base::read_file(folder / "run/metrics.jsonl");
  fs::remove(folder / "run/metrics.jsonl");
  const auto again = ranklens(once);
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(base::read_file(folder / "run/metrics.jsonl"), whole);
}

// As a flag and as a key; with other last bits, so that a run does not go on without it.
TEST(Train, LowMemoryIsAPartOfTheConfiguration) {
  const TemporaryFolder folder;
  const Args head{"--head", "tt(r=3)"};
  const auto in = [&](const char* name, const Args& more) {
    return ranklens(joined(command(folder / name, head), more));
  };
  ASSERT_EQ(in("a", {"--low-memory"}).status, 0);
  base::write_file(folder / "t.toml", "low_memory = true\n");
  ASSERT_EQ(in("b", {"--config", (folder / "t.toml").string()}).status, 0);
  EXPECT_EQ(base::read_file(folder / "a/last.safetensors"),
            base::read_file(folder / "b/last.safetensors"));
  const auto manifest = json_of(folder / "b/manifest.json");
  EXPECT_EQ(manifest["configuration"]["low_memory"], true);
  EXPECT_THAT(manifest["trained_by"]["kept states"][0].get<std::string>(), HasSubstr(" a layer"));
  expect_complaint(in("a", {"--quiet"}), 2, "low_memory is true there and not given here");
}

TEST(Train, AManifestSaysWhatComputedTheSteps) {
  const TemporaryFolder folder;
  ASSERT_EQ(ranklens(command(folder / "run")).status, 0);
  ASSERT_EQ(ranklens(changed(command(folder / "run"), "--threads", "2")).status, 0);
  const auto manifest = json_of(folder / "run/manifest.json");
  EXPECT_EQ(manifest["threads"], 2);
  EXPECT_EQ(manifest["trained_by"]["threads"], Args{"1"}) << "the second had nothing to train";
}

TEST(Train, HelpDoesNotOfferWhatItDoesNotTake) {
  EXPECT_THAT(ranklens({"train", "--help"}).out, ::testing::Not(HasSubstr("fetched")));
}

TEST(Train, RefusesTheFolderOfAnotherRun) {
  const TemporaryFolder folder;
  ASSERT_EQ(ranklens(command(folder / "run")).status, 0);
  const auto before = base::read_file(folder / "run/last.safetensors");
  expect_complaint(ranklens(command(folder / "run", {"--label-smoothing", "0.1"})), 2,
                   "label_smoothing is 0.0 there and 0.1 here");
  expect_complaint(ranklens(command(folder / "run", {"--grey"})), 2, "another configuration");
  EXPECT_EQ(base::read_file(folder / "run/last.safetensors"), before);
}

TEST(Train, AFullDiskIsAFailureAndLeavesNothingHalfWritten) {
  const TemporaryFolder folder;
  // The weights take 197 KB, the checkpoint more than twice as much.
  for (const auto limit : {rlim_t{20'000}, rlim_t{250'000}}) {
    const auto out = folder / std::to_string(limit);
    expect_complaint(ranklens(command(out), {.largest_file = limit}), 1, "cannot write");
    EXPECT_FALSE(fs::exists(out / "checkpoint.safetensors"));
    EXPECT_FALSE(fs::exists(out / "last.safetensors"));
    EXPECT_TRUE(no_temporaries(out));
  }
}

TEST(Train, BadInputIsOneSentence) {
  const TemporaryFolder folder;
  const auto out = folder / "run";
  const auto refused = [&](const Args& more, const std::string& part) {
    expect_complaint(ranklens(command(out, more)), 2, part);
    EXPECT_FALSE(fs::exists(out)) << part;
  };
  refused({"--optimiser=adm"}, "adm");
  refused({"--schedule=cosine(warm=1)"}, "warm");
  refused({"--batch=0"}, "--batch");
  refused({"--label-smoothing=1.5"}, "--label-smoothing");
  refused({"--crop=-1"}, "--crop");
  refused({"--best-by=luck"}, "--best-by");
  expect_complaint(ranklens({"train", "mpl", "--data", "scenes", "--out", out.string()}), 2,
                   "nearest: 'mlp'");
  expect_complaint(ranklens({"train", "mlp", "--data", "scenes"}), 2, "--out is required");
  base::write_file(folder / "file", "x");
  expect_complaint(ranklens(command(folder / "file")), 2, "is no folder");
  expect_complaint(ranklens(command("/proc/run")), 2, "cannot be made");
}

}  // namespace
}  // namespace ranklens::app
