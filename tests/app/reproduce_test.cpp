#include <algorithm>
#include <sys/resource.h>

#include "ranklens/base/files.h"
#include "ranklens/study/training/reproductions.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

/// Processor seconds of all children that have ended.
double seconds_of_children() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

/// What a smoke may take of one processor, as built for use. By the clock it would depend on what
/// else the machine does.
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
constexpr double kSmokeSeconds = 10;
#else
constexpr double kSmokeSeconds = 300;
#endif

/// What an experiment's smoke says, on one thread.
nlohmann::json smoke_of(const std::string& name, const fs::path& out, const Args& more = {}) {
  const double before = seconds_of_children();
  const auto answer = answer_of(ranklens(joined(
      {"reproduce", name, "--smoke", "--threads", "1", "--out", out.string(), "--quiet", "--json"},
      more)));
  EXPECT_LT(seconds_of_children() - before, kSmokeSeconds) << name;
  return answer;
}

TEST(Reproduce, ThePendulumSwingsInSeconds) {
  const TemporaryFolder folder;
  const auto out = (folder / "swing").string();
  const auto answer = smoke_of("pendulum", out);
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
    const auto answer = smoke_of(entry.name, folder / entry.name);
    EXPECT_FALSE(answer["verdicts"].empty()) << entry.name;
    for (const auto& verdict : answer["verdicts"]) {
      EXPECT_EQ(verdict["verdict"], "undecided") << entry.name;
    }
    const auto table = base::read_file(folder / entry.name / "outcomes.csv");
    EXPECT_GT(std::count(table.begin(), table.end(), '\n'), 1) << entry.name;
    EXPECT_TRUE(fs::exists(folder / entry.name / "report.html"));
  }
}

// Seeds enough for a verdict, of arms that were asked for: a reduced run answers nothing even so.
TEST(Reproduce, AReducedRunAnswersNothingHoweverManySeedsItHas) {
  const TemporaryFolder folder;
  const auto out = folder / "lenet";
  const auto answer = smoke_of("lenet-dlrt", out, {"--seeds", "5", "--arms", "dense,tau-0.3"});
  ASSERT_FALSE(answer["verdicts"].empty());
  for (const auto& verdict : answer["verdicts"]) {
    EXPECT_EQ(verdict["verdict"], "undecided");
    EXPECT_THAT(verdict["reason"].get<std::string>(), HasSubstr("reduced run"));
  }
  EXPECT_TRUE(fs::exists(out / "cells" / "tau-0.3-s5.json"));
  EXPECT_FALSE(fs::exists(out / "cells" / "tau-0.15-s1.json"));
  const auto page = base::read_file(out / "report.html");
  EXPECT_THAT(page, HasSubstr("to learn from"));
  // The same folder takes other arms.
  EXPECT_EQ(smoke_of("lenet-dlrt", out, {"--seeds", "1", "--arms", "tau-0.15"})["verdicts"].size(),
            answer["verdicts"].size());
  EXPECT_TRUE(fs::exists(out / "cells" / "tau-0.15-s1.json"));
  // Its page tells of those that were there as well.
  const auto table = base::read_file(out / "outcomes.csv");
  EXPECT_THAT(table, HasSubstr("dense,"));
  EXPECT_THAT(table, ::testing::Not(HasSubstr("dense (not run)")));
}

TEST(Reproduce, StudiesOfOptimisersRunInSeconds) {
  const TemporaryFolder folder;
  for (const std::string name : {"tt-optimisers", "mps-optimisers", "cifar-dlrt"}) {
    const auto answer = smoke_of(name, folder / name);
    EXPECT_FALSE(answer["verdicts"].empty()) << name;
    const auto arms = base::read_file(folder / name / "arms.csv");
    EXPECT_THAT(arms, ::testing::HasSubstr("FLOPs")) << name;
  }
  // Ranks were found and drawn.
  const auto ranks = base::read_file(folder / "cifar-dlrt" / "chart-ranks.csv");
  EXPECT_THAT(ranks, ::testing::HasSubstr("tau-0.12"));
  const auto page = base::read_file(folder / "cifar-dlrt" / "report.html");
  EXPECT_THAT(page, ::testing::HasSubstr("Networks and what trains them"));
  // Grad-CAM of a network in factors, measured against the masks; what was published stands beside.
  EXPECT_THAT(page, ::testing::HasSubstr("Grad-CAM"));
  const auto scores = base::read_file(folder / "cifar-dlrt" / "metrics-localisation.csv");
  EXPECT_THAT(scores, ::testing::HasSubstr("tau-0.12"));
  const auto printed = base::read_file(folder / "cifar-dlrt" / "published.csv");
  EXPECT_THAT(printed, ::testing::HasSubstr("resnet20"));
  EXPECT_THAT(printed, ::testing::Not(::testing::HasSubstr("vgg16")));
}

TEST(Reproduce, AlignmentRunsInSeconds) {
  const TemporaryFolder folder;
  const auto answer = smoke_of("alignment", folder / "alignment");
  EXPECT_EQ(answer["verdicts"].size(), 8U);
  EXPECT_TRUE(fs::exists(folder / "alignment" / "ends.csv"));
}

TEST(Reproduce, BornMachinesRunInSeconds) {
  const TemporaryFolder folder;
  const auto answer = smoke_of("born-machine", folder / "born");
  EXPECT_EQ(answer["verdicts"].size(), 4U);
  for (const auto& verdict : answer["verdicts"]) EXPECT_EQ(verdict["verdict"], "undecided");
  EXPECT_TRUE(fs::exists(folder / "born" / "likelihoods.csv"));
}

TEST(Reproduce, TimingsRunInSeconds) {
  const TemporaryFolder folder;
  const auto answer = smoke_of("timings", folder / "timings");
  EXPECT_EQ(answer["verdicts"].size(), 7U);
  for (const auto& verdict : answer["verdicts"]) EXPECT_EQ(verdict["verdict"], "undecided");
  const auto table = base::read_file(folder / "timings" / "seconds.csv");
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 1 + 2 * 12);
  EXPECT_TRUE(fs::exists(folder / "timings" / "report.html"));
}

TEST(Reproduce, SaysWhatAnExperimentDoesNotTake) {
  expect_complaint(ranklens({"reproduce", "lenet-dlrt"}), 2, "--data mnist:DIR");
  expect_complaint(ranklens({"reproduce", "lenet-dlrt", "--smoke", "--epochs", "3"}), 2,
                   "takes no --epochs");
  expect_complaint(ranklens({"reproduce", "lenet-dlrt", "--smoke", "--seeds", "0"}), 2,
                   "from 1 to 1000 seeds");
  expect_complaint(ranklens({"reproduce", "pendulum", "--data", "scenes"}), 2, "takes no --data");
  expect_complaint(ranklens({"reproduce", "pendulun"}), 2, "nearest: 'pendulum'");
  expect_complaint(ranklens({"reproduce", "hackathon", "--smoke"}), 2, "--epochs");
  expect_complaint(ranklens({"reproduce", "hackathon"}), 2, "--data cifar10:DIR");
  expect_complaint(ranklens({"reproduce", "cifar-dlrt"}), 2, "--data cifar10:DIR");
  expect_complaint(ranklens({"reproduce", "cifar100-dlrt"}), 2, "--data cifar100:DIR");
  expect_complaint(ranklens({"reproduce", "imagenet-dlrt", "--smoke"}), 2, "--arms");
  expect_complaint(ranklens({"reproduce", "tt-optimisers", "--smoke", "--seeds", "5"}), 2,
                   "fewer than 5 seeds");
  expect_complaint(ranklens({"reproduce", "tt-optimisers", "--quick", "--seeds", "1,2,3,4,5"}), 2,
                   "fewer than 5 seeds");
  expect_complaint(ranklens({"reproduce", "mps-optimisers", "--smoke", "--rates", "0.3,1"}), 2,
                   "too few images to choose a rate by");
  expect_complaint(ranklens({"reproduce", "cifar-dlrt", "--smoke", "--data", "scenes"}), 2,
                   "take no --data");
  expect_complaint(ranklens({"reproduce", "pendulum", "--smoke", "--quick"}), 2, "give one");
}

}  // namespace
}  // namespace ranklens::app
