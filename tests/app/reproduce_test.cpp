#include <algorithm>
#include <chrono>

#include "ranklens/base/files.h"
#include "ranklens/study/training/reproductions.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

TEST(Reproduce, ThePendulumSwingsInSeconds) {
  const TemporaryFolder folder;
  const auto out = (folder / "swing").string();
  const auto begun = std::chrono::steady_clock::now();
  const auto answer = answer_of(ranklens(
      {"reproduce", "pendulum", "--smoke", "--threads", "1", "--out", out, "--quiet", "--json"}));
  EXPECT_EQ(answer["verdicts"].size(), 2U);
  // Two clouds are too few for a verdict; what they say is the drift, and that it is the flow's.
  EXPECT_EQ(answer["verdicts"][0]["verdict"], "undecided");
  EXPECT_GT(answer["verdicts"][0]["difference"].get<double>(), 0.01);
  for (const char* name : {"report.html", "pendulum.svg", "chart-errors.csv", "film.csv",
                           "manifest.json", "experiment.json", "cells/errors-s1.json"}) {
    EXPECT_TRUE(fs::exists(folder / "swing" / name)) << name;
  }
  EXPECT_THAT(base::read_file(folder / "swing" / "pendulum.svg"), HasSubstr("animateTransform"));
  EXPECT_THAT(base::read_file(folder / "swing" / "report.html"), HasSubstr("data:image/svg+xml"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(60));  // a busy machine

  // The same again computes nothing anew; other settings are refused.
  const auto cell = base::read_file(folder / "swing" / "cells" / "frames.json");
  EXPECT_EQ(ranklens({"reproduce", "pendulum", "--smoke", "--out", out, "--quiet"}).status, 0);
  EXPECT_EQ(base::read_file(folder / "swing" / "cells" / "frames.json"), cell);
  expect_complaint(
      ranklens({"reproduce", "pendulum", "--smoke", "--seed", "5", "--out", out, "--quiet"}), 2,
      "seeds");
}

TEST(Reproduce, TrainingsRunInSeconds) {
  const TemporaryFolder folder;
  for (const auto& entry : study::reproductions::all()) {
    const auto out = (folder / entry.name).string();
    const auto begun = std::chrono::steady_clock::now();
    const auto answer = answer_of(ranklens(
        {"reproduce", entry.name, "--smoke", "--threads", "1", "--out", out, "--quiet", "--json"}));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(60)) << entry.name;
    for (const auto& verdict : answer["verdicts"]) {
      EXPECT_EQ(verdict["verdict"], "undecided") << entry.name;  // two seeds
    }
    const auto table = base::read_file(folder / entry.name / "outcomes.csv");
    EXPECT_GT(std::count(table.begin(), table.end(), '\n'), 1) << entry.name;
    EXPECT_TRUE(fs::exists(folder / entry.name / "report.html"));
  }
}

TEST(Reproduce, StudiesOfOptimisersRunInSeconds) {
  const TemporaryFolder folder;
  for (const std::string name : {"tt-optimisers", "mps-optimisers", "cifar-dlrt"}) {
    const auto begun = std::chrono::steady_clock::now();
    const auto answer = answer_of(ranklens({"reproduce", name, "--smoke", "--threads", "1", "--out",
                                            (folder / name).string(), "--quiet", "--json"}));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(60)) << name;
    EXPECT_FALSE(answer["verdicts"].empty()) << name;
    const auto arms = base::read_file(folder / name / "arms.csv");
    EXPECT_THAT(arms, ::testing::HasSubstr("FLOPs")) << name;
  }
  // Ranks were found and drawn.
  const auto ranks = base::read_file(folder / "cifar-dlrt" / "chart-ranks.csv");
  EXPECT_THAT(ranks, ::testing::HasSubstr("tau-0.12"));
  EXPECT_THAT(base::read_file(folder / "cifar-dlrt" / "report.html"),
              ::testing::HasSubstr("Networks and what trains them"));
}

TEST(Reproduce, AlignmentRunsInSeconds) {
  const TemporaryFolder folder;
  const auto out = (folder / "alignment").string();
  const auto answer = answer_of(ranklens(
      {"reproduce", "alignment", "--smoke", "--threads", "1", "--out", out, "--quiet", "--json"}));
  EXPECT_EQ(answer["verdicts"].size(), 6U);
  EXPECT_TRUE(fs::exists(folder / "alignment" / "ends.csv"));
}

TEST(Reproduce, BornMachinesRunInSeconds) {
  const TemporaryFolder folder;
  const auto out = (folder / "born").string();
  const auto answer = answer_of(ranklens({"reproduce", "born-machine", "--smoke", "--threads", "1",
                                          "--out", out, "--quiet", "--json"}));
  EXPECT_EQ(answer["verdicts"].size(), 1U);
  EXPECT_TRUE(fs::exists(folder / "born" / "likelihoods.csv"));
}

TEST(Reproduce, TimingsRunInSeconds) {
  const TemporaryFolder folder;
  const auto out = (folder / "timings").string();
  answer_of(ranklens(
      {"reproduce", "timings", "--smoke", "--threads", "1", "--out", out, "--quiet", "--json"}));
  const auto table = base::read_file(folder / "timings" / "seconds.csv");
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 1 + 2 * 6);
  EXPECT_TRUE(fs::exists(folder / "timings" / "report.html"));
}

TEST(Reproduce, SaysWhatAnExperimentDoesNotTake) {
  expect_complaint(ranklens({"reproduce", "lenet-dlrt"}), 2, "--data mnist:DIR");
  expect_complaint(ranklens({"reproduce", "lenet-dlrt", "--smoke", "--epochs", "3"}), 2,
                   "takes no --arms, --epochs");
  expect_complaint(ranklens({"reproduce", "lenet-dlrt", "--smoke", "--seeds", "0"}), 2,
                   "a number of seeds");
  expect_complaint(ranklens({"reproduce", "pendulum", "--data", "scenes"}), 2, "takes no --data");
  expect_complaint(ranklens({"reproduce", "pendulun"}), 2, "nearest: 'pendulum'");
  expect_complaint(ranklens({"reproduce", "hackathon", "--smoke"}), 2, "--epochs");
  expect_complaint(ranklens({"reproduce", "hackathon"}), 2, "--data cifar10:DIR");
  expect_complaint(ranklens({"reproduce", "cifar-dlrt"}), 2, "--data cifar10:DIR");
  expect_complaint(ranklens({"reproduce", "cifar-dlrt", "--smoke", "--data", "scenes"}), 2,
                   "take no --data");
  expect_complaint(ranklens({"reproduce", "pendulum", "--smoke", "--quick"}), 2, "give one");
}

}  // namespace
}  // namespace ranklens::app
