#include <chrono>

#include "ranklens/base/files.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

TEST(Reproduce, ThePendulumSwingsInSeconds) {
  const TemporaryFolder folder;
  const auto out = (folder / "swing").string();
  const auto begun = std::chrono::steady_clock::now();
  const auto answer =
      answer_of(ranklens({"reproduce", "pendulum", "--smoke", "--out", out, "--quiet", "--json"}));
  EXPECT_EQ(answer["verdicts"].size(), 2U);
  // Two clouds are too few for a verdict; what they say is the drift, and that it is the flow's.
  EXPECT_EQ(answer["verdicts"][0]["verdict"], "undecided");
  EXPECT_GT(answer["verdicts"][0]["difference"].get<double>(), 0.01);
  for (const char* name : {"report.html", "pendulum.svg", "chart-errors.csv", "film.csv",
                           "manifest.json", "experiment.json", "cells/errors-s1.json"}) {
    EXPECT_TRUE(fs::exists(folder / "swing" / name)) << name;
  }
  EXPECT_THAT(base::read_file(folder / "swing" / "pendulum.svg"), HasSubstr("animateTransform"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(60));  // a busy machine

  // The same again computes nothing anew; other settings are refused.
  const auto cell = base::read_file(folder / "swing" / "cells" / "frames.json");
  EXPECT_EQ(ranklens({"reproduce", "pendulum", "--smoke", "--out", out, "--quiet"}).status, 0);
  EXPECT_EQ(base::read_file(folder / "swing" / "cells" / "frames.json"), cell);
  expect_complaint(
      ranklens({"reproduce", "pendulum", "--smoke", "--seed", "5", "--out", out, "--quiet"}), 2,
      "seeds");
}

TEST(Reproduce, SaysWhatAnExperimentDoesNotTake) {
  expect_complaint(ranklens({"reproduce", "pendulum", "--data", "scenes"}), 2, "takes no --data");
  expect_complaint(ranklens({"reproduce", "pendulun"}), 2, "nearest: 'pendulum'");
  expect_complaint(ranklens({"reproduce", "hackathon", "--smoke"}), 2, "--epochs");
  expect_complaint(ranklens({"reproduce", "pendulum", "--smoke", "--quick"}), 2, "give one");
}

}  // namespace
}  // namespace ranklens::app
