// What `reproduce` takes for one experiment and refuses for another.
#include <ATen/Context.h>

#include "ranklens/base/files.h"
#include "ranklens/base/json.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

class ReproduceFlags : public ::testing::Test {
 protected:
  void expect_refused(const std::string& name, const Args& flag, const std::string& part) {
    Args args{"reproduce", name, "--smoke", "--out", (folder_ / "out").string(), "--quiet"};
    args.insert(args.end(), flag.begin(), flag.end());
    expect_complaint(ranklens(args), 2, part);
    EXPECT_FALSE(fs::exists(folder_ / "out")) << name << " " << flag.front();
  }

  TemporaryFolder folder_;
};

TEST_F(ReproduceFlags, WhatChangesNothingIsRefusedByItsName) {
  const std::vector<Args> of_studies{{"--recipes", "a = tt"}, {"--rates", "1"}, {"--epochs", "3"},
                                     {"--optimiser", "sgd"},  {"--title", "T"}, {"--memory", "1M"},
                                     {"--crop", "2"},         {"--flip"}};
  for (const auto& flag : of_studies)
    expect_refused("lenet-dlrt", flag, flag.front() + " was given");
  for (const std::string name : {"alignment", "born-machine", "timings"})
    expect_refused(name, {"--epochs", "3"}, "--epochs was given");
  expect_refused("timings", {"--data", "scenes"}, "it takes no --data");
  expect_refused("pendulum", {"--seeds", "3"}, "--seeds was given");
  expect_refused("alignment", {"--work", "elsewhere"}, "--work was given");
}

TEST_F(ReproduceFlags, NumbersAndProcessorsThatAreNotTakenAreRefused) {
  expect_refused("lenet-dlrt", {"--dtype", "bfloat16"}, "leave --dtype out");
  expect_refused("pendulum", {"--dtype", "float64"}, "leave --dtype out");
  if (at::hasCUDA()) expect_refused("pendulum", {"--device", "cuda"}, "give --device cpu");
}

TEST_F(ReproduceFlags, SeedsAreANumberOrAList) {
  expect_refused("lenet-dlrt", {"--seeds", "7,x"}, "'x' is no seed");
  expect_refused("lenet-dlrt", {"--seeds", "7,8,7"}, "7 is given twice");
  expect_refused("alignment", {"--seeds", "0"}, "from 1 to 1000 seeds");
  // As a variable of a shell that is not set.
  expect_refused("lenet-dlrt", {"--seeds", ""}, "--seeds was given nothing");
  expect_refused("lenet-dlrt", {"--arms", ""}, "--arms was given nothing");
}

TEST_F(ReproduceFlags, ImagesThatANetworkDoesNotTakeAreRefusedBeforeTheFolderIsMade) {
  expect_refused("lenet-dlrt", {"--data", "scenes:train=240,test=80,size=32"},
                 "takes images of [1, 28, 28]");
}

// Arms and seeds of earlier calls stay on the page.
TEST_F(ReproduceFlags, APageTellsOfAllThatTheFolderHas) {
  const auto out = folder_ / "out";
  const auto with = [&](const char* arm, const char* seeds) {
    return ranklens({"reproduce", "lenet-dlrt", "--smoke", "--arms", arm, "--seeds", seeds, "--out",
                     out.string(), "--quiet"});
  };
  ASSERT_EQ(with("dense", "7,").status, 0);
  ASSERT_EQ(with("tau-0.3", "2,9").status, 0);
  EXPECT_FALSE(fs::exists(out / "cells" / "dense-s2.json"));
  const auto table = base::read_file(out / "outcomes.csv");
  EXPECT_THAT(table, HasSubstr("dense,"));
  EXPECT_THAT(table, ::testing::Not(HasSubstr("dense (not run)")));
  EXPECT_THAT(base::read_file(out / "manifest.json"), HasSubstr("cells/dense-s7.json"));
}

TEST_F(ReproduceFlags, TrainingsThatAllDivergedAreNoSuccess) {
  const auto out = folder_ / "out", cell = out / "cells" / "dense-s7.json";
  const auto again = [&] {
    return ranklens({"reproduce", "lenet-dlrt", "--smoke", "--arms", "dense", "--seeds", "7,",
                     "--out", out.string(), "--quiet"});
  };
  ASSERT_EQ(again().status, 0);
  auto made = base::read_json(cell);
  made["result"]["diverged"] = "the loss was no number";
  base::write_file(cell, made.dump());
  const auto done = again();
  EXPECT_EQ(done.status, 1);
  EXPECT_THAT(done.err, HasSubstr("nothing can be compared; dense-s7: the loss was no number"));
  EXPECT_TRUE(fs::exists(out / "report.html"));
}

TEST_F(ReproduceFlags, ArmsOfTrainingsAreTheirOwn) {
  expect_refused("lenet-dlrt", {"--arms", "tau-0.31"},
                 "lenet-dlrt has no arm 'tau-0.31'; nearest: ");
  expect_refused("alignment", {"--arms", "x"}, "--arms was given");
}

TEST_F(ReproduceFlags, KeysOfAFileAreFlags) {
  std::ofstream(folder_ / "keys.toml") << "flip = true\n";
  expect_refused("lenet-dlrt", {"--config", (folder_ / "keys.toml").string()}, "--flip was given");
}

TEST_F(ReproduceFlags, TheLargerNetworksAreArms) {
  const auto help = ranklens({"reproduce", "--help"}).out;
  EXPECT_THAT(help, HasSubstr("--arms vgg16-full,vgg16-tau-0.12"));
}

TEST_F(ReproduceFlags, AShortFormOfTheToleranceStudySaysWhatIsMissing) {
  const auto out = folder_ / "dlrt";
  const auto done = ranklens({"reproduce", "cifar-dlrt", "--smoke", "--threads", "1", "--arms",
                              "full,tau-0.08,tau-0.2", "--out", out.string(), "--quiet"});
  ASSERT_EQ(done.status, 0) << done.err;
  std::ifstream in(out / "report.html");
  const std::string page{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  EXPECT_THAT(page, HasSubstr("Not trained, of vgg16: vgg16-full, vgg16-tau-0.04"));
  EXPECT_THAT(page, HasSubstr("Not trained, of alexnet-cifar: "));
  EXPECT_THAT(page, HasSubstr("Weights saved"));
  // What the folder has and a later call does not ask for is not missing.
  const auto fewer = ranklens({"reproduce", "cifar-dlrt", "--smoke", "--threads", "1", "--arms",
                               "full,tau-0.2", "--out", out.string(), "--quiet"});
  ASSERT_EQ(fewer.status, 0) << fewer.err;
  const auto later = base::read_file(out / "report.html");
  EXPECT_THAT(later, HasSubstr("not asked for here (--arms): tau-0.08."));
}

}  // namespace
}  // namespace ranklens::app
