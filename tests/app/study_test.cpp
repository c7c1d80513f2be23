#include <cmath>
#include <fstream>
#include <map>
#include <thread>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/rand.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/files.h"
#include "ranklens/base/npy.h"
#include "ranklens/study/config.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

class StudyCommand : public ::testing::Test {
 protected:
  /// A study of one tiny network; later flags win.
  Args tiny(const Args& more = {}) const {
    Args args{"study",     "--data",   "scenes:train=48,test=16",
              "--arms",    "dense",    "--seeds",
              "1",         "--epochs", "1",
              "--width",   "8",        "--batch",
              "16",        "--images", "test:2",
              "--methods", "gradcam",  "--threads",
              "1",         "--out",    out_.string()};
    for (std::size_t k = 0; k < more.size(); k += 2) {
      const auto given = std::find(args.begin(), args.end(), more[k]);
      if (given == args.end()) {
        args.insert(args.end(), {more[k], more[k + 1]});
      } else {
        given[1] = more[k + 1];
      }
    }
    return args;
  }

  void expect_refused(const Args& more, const std::string& part) {
    expect_complaint(ranklens(tiny(more)), 2, part);
    EXPECT_FALSE(fs::exists(out_)) << part;
  }

  std::string write(const std::string& text) {
    std::ofstream(folder_ / "study.toml") << text;
    return (folder_ / "study.toml").string();
  }

  TemporaryFolder folder_;
  fs::path out_ = folder_ / "run";
};

TEST_F(StudyCommand, HelpShowsEveryKey) {
  const auto keys = to_json(study::Config{});
  for (const std::string command : {"study", "reproduce"}) {
    const auto help = ranklens({command, "--help"}).out;
    for (const auto& [key, value] : keys.items()) {
      auto flag = "--" + key;
      std::replace(flag.begin(), flag.end(), '_', '-');
      EXPECT_THAT(help, HasSubstr(flag + " ")) << command;
    }
  }
}

TEST_F(StudyCommand, BadInputIsOneSentenceAndLeavesNothing) {
  expect_refused({"--arms", "dense,tt-mached"}, "no arm is called 'tt-mached'");
  expect_refused({"--arms", ","}, "no arm is called ''");
  expect_refused({"--methods", "gradcam,smoothgrad(sample=3)"},
                 "has no option 'sample'; nearest: 'samples'");
  expect_refused({"--arms", ""}, "--arms was given nothing; leave it out for the default");
  expect_refused({"--methods", ""}, "--methods was given nothing");
  expect_refused({"--images", ""}, "--images was given nothing");
  expect_refused({"--images", "test:17"}, "asks for 17 images, but there are only 16");
  expect_refused({"--methods", "gradcamm"}, "there is no method 'gradcamm'; nearest: 'gradcam'");
  expect_refused({"--seeds", "0"}, "from 1 to 1000 seeds, not 0");
  expect_refused({"--seeds", "x"}, "'x' is no seed");
  expect_refused({"--seeds", "1.5"}, "'1.5' is no seed");
  expect_refused({"--seeds", "1,-2"}, "'-2' is no seed");
  expect_refused({"--seeds", "1,2,1"}, "each given once");
  expect_refused({"--epochs", "0"}, "--epochs");
  expect_refused({"--full-epochs", "1", "--epochs", "2"}, "from 1 to full_epochs (1), not 2");
  expect_refused({"--optimiser", "adam(rate=1)"}, "has no option 'rate'");
  expect_refused({"--images", "test:3-99"}, "asks for image 99, but there are only 16");
  expect_refused({"--preset", "dmo"}, "no preset is called 'dmo'; nearest: 'demo'");
  expect_refused({"--memory", "much"}, "'much' is no amount of memory");
  expect_refused({"--dtype", "float64"}, "float32 or bfloat16, not in float64");
}

TEST_F(StudyCommand, DataThatAreNotThereAreSaid) {
  const auto empty = folder_ / "empty";
  fs::create_directories(empty);
  expect_refused({"--data", "cifar10:" + (folder_ / "none").string()}, "none' is no folder");
  expect_refused({"--data", "cifar10:" + empty.string()}, empty.string());
  expect_refused({"--data", "images:" + empty.string()}, empty.string());
  expect_refused({"--data", "npy:" + empty.string()}, empty.string());
  expect_refused({"--data", "sceens"}, "nearest: 'scenes'");
}

TEST_F(StudyCommand, AConfigurationFileIsReadStrictly) {
  const auto refused = [&](const std::string& toml, const std::string& part) {
    expect_complaint(ranklens({"study", "--config", write(toml)}), 2, part);
  };
  refused("epoch = 3", "the key 'epoch' does not exist; nearest: 'epochs'");
  refused("seeds = []", "the list 'seeds' is empty");
  refused("seeds = ['x']", "'x' is no seed");
  refused("width = 'wide'", "--width");
  refused("arms = [['dense']]", "'arms' must be a text, a number, a truth or a list of these");
}

TEST_F(StudyCommand, MakesThePageAndRefusesAnotherConfiguration) {
  const auto done = ranklens(tiny());
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.err, ::testing::MatchesRegex("1 of 1: dense-s1: accuracy [^\n]*\n"))
      << "no bar where there is no terminal, but a line for a finished cell";
  EXPECT_THAT(done.out, HasSubstr("Seconds per stage"));
  EXPECT_THAT(done.out, HasSubstr("The page: " + (out_ / "report.html").string()));
  for (const auto* file :
       {"report.html", "arms.csv", "stages.csv", "metrics-localisation.csv", "manifest.json"})
    EXPECT_TRUE(fs::exists(out_ / file)) << file;

  const auto written = fs::last_write_time(out_ / "report.html");
  expect_complaint(ranklens(tiny({"--width", "16"})), 2,
                   "holds a study of another configuration: width is 8 there and 16 here");
  EXPECT_EQ(fs::last_write_time(out_ / "report.html"), written);

  const auto answer = answer_of(ranklens(joined(tiny(), {"--json"})));
  EXPECT_EQ(answer.at("folder"), out_.string());
}

TEST_F(StudyCommand, ImagesOfAnyShapeAreScaledToASquare) {
  const auto source = folder_ / "oblong";
  fs::create_directories(source);
  base::write_npy(source / "images.npy", at::rand({40, 3, 24, 20}));
  base::write_npy(source / "labels.npy", at::arange(40).remainder(2));
  const Args data{"--data", "npy:" + source.string()};
  const auto without = ranklens(tiny(data));
  EXPECT_EQ(without.status, 2);
  EXPECT_THAT(without.err, HasSubstr("24x20"));
  EXPECT_THAT(without.err, HasSubstr("--size"));
  EXPECT_FALSE(fs::exists(out_));
  const auto scaled = joined(data, {"--size", "16"});
  const auto done = ranklens(tiny(scaled));
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(json_of(out_ / "study.json").at("size"), 16);
  expect_complaint(ranklens(tiny(joined(data, {"--size", "32"}))), 2,
                   "another configuration: size is 16 there and 32 here");
  EXPECT_EQ(ranklens(tiny(scaled)).status, 0) << "it goes on";
}

// A folder without the key is one of images as they are.
TEST_F(StudyCommand, WithoutASizeTheKeyIsNotKept) {
  ASSERT_EQ(ranklens(tiny()).status, 0);
  EXPECT_FALSE(json_of(out_ / "study.json").contains("size"));
  expect_complaint(ranklens(tiny({"--size", "16"})), 2,
                   "another configuration: size is 0 there and 16 here");
}

// As a flag and as a key of a file; a folder without it was trained without it.
TEST_F(StudyCommand, LowMemoryIsAPartOfTheConfiguration) {
  ASSERT_EQ(ranklens(joined(tiny(), {"--low-memory"})).status, 0);
  EXPECT_EQ(json_of(out_ / "study.json").at("low_memory"), true);
  base::write_file(folder_ / "t.toml", "low-memory = true\n");
  EXPECT_EQ(ranklens(tiny({"--config", (folder_ / "t.toml").string()})).status, 0);
  expect_complaint(ranklens(tiny()), 2,
                   "another configuration: low_memory is true there and false here");
}

// A bound so tight holds a network where it begins, as a rate of next to nothing does.
TEST_F(StudyCommand, ClippingIsAPartOfTheConfiguration) {
  const auto loss_of = [&](const char* optimiser, const char* bound, const fs::path& folder) {
    const auto done =
        ranklens(tiny({"--optimiser", optimiser, "--clip-norm", bound, "--out", folder.string()}));
    EXPECT_EQ(done.status, 0) << done.err;
    const auto cell = json_of(folder / "cells" / "dense-s1.json");
    return cell.at("history").at(0).at("validation_loss").get<double>();
  };
  const double free = loss_of("sgd(lr=0.1)", "0", folder_ / "free"),
               still = loss_of("sgd(lr=1e-12)", "0", folder_ / "still");
  EXPECT_NEAR(loss_of("sgd(lr=0.1)", "1e-9", out_), still, 1e-6);
  EXPECT_GT(std::abs(free - still), 1e-3);
  EXPECT_EQ(json_of(out_ / "study.json").at("clip_norm"), 1e-9);
  EXPECT_FALSE(json_of(folder_ / "free" / "study.json").contains("clip_norm"));
  expect_complaint(ranklens(tiny({"--optimiser", "sgd(lr=0.1)"})), 2,
                   "another configuration: clip_norm is 1e-09 there and 0 here");
}

TEST_F(StudyCommand, HelpSaysWhatBothTake) {
  for (const std::string command : {"study", "reproduce"}) {
    const auto help = ranklens({command, "--help"}).out;
    EXPECT_THAT(help, HasSubstr("train in float32 or bfloat16")) << command;
    EXPECT_THAT(help, ::testing::Not(HasSubstr("float64"))) << command;
  }
  EXPECT_THAT(ranklens({"reproduce", "--help"}).out,
              HasSubstr("--seed UINT=13112022 of hackathon, 1 of others"));
}

std::string text_in(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_F(StudyCommand, ThePageNamesTheWholeCommandAndTheManifestTheFiles) {
  const auto args = tiny({"--title", "It's a \"test\" of $HOME", "--methods",
                          "saliency(channel=max)", "--seeds", "3,5", "--dtype", "bfloat16"});
  ASSERT_EQ(ranklens(args).status, 0);
  const auto manifest = json_of(out_ / "manifest.json");
  const std::string line = manifest.at("command_line");
  // A shell reads the same words from it.
  std::string expected = "ranklens\n";
  for (const auto& arg : args) expected += arg + "\n";
  const auto read =
      run_program("/bin/sh", {"-c", "for word in " + line + "; do printf '%s\\n' \"$word\"; done"});
  EXPECT_EQ(read.out, expected);
  const auto html = text_in(out_ / "report.html");
  EXPECT_THAT(html, HasSubstr("ranklens study --data scenes:train=48,test=16 --arms dense"));
  EXPECT_THAT(html, HasSubstr("--methods &#39;saliency(channel=max)&#39;"));

  EXPECT_EQ(manifest.at("command"), "study");
  EXPECT_EQ(manifest.at("seeds"), (std::vector<int>{3, 5}));
  EXPECT_EQ(manifest.at("dtype"), "bfloat16");
  EXPECT_EQ(manifest.at("threads"), 1);
  EXPECT_EQ(manifest.at("configuration").at("width"), 8);
  const auto cell = json_of(out_ / "cells" / "dense-s3.json");
  EXPECT_EQ(manifest.at("data_hash"), cell.at("provenance").at("training data"));
  EXPECT_GT(manifest.at("wall_seconds"), 0);
  for (const auto* key : {"ranklens", "libtorch", "processor", "held_out_data_hash"})
    EXPECT_THAT(manifest.at(key).get<std::string>(), ::testing::Not(::testing::IsEmpty())) << key;
  std::vector<std::string> files;
  for (const auto& entry : manifest.at("entries")) {
    files.push_back(entry.at("file"));
    EXPECT_EQ(entry.at("bytes"), fs::file_size(out_ / files.back())) << files.back();
  }
  for (const auto* file : {"report.html", "arms.csv", "study.json", "throughput.json",
                           "cells/dense-s5.json", "cells/dense-s5.maps.safetensors"})
    EXPECT_THAT(files, ::testing::Contains(file));
}

TEST_F(StudyCommand, FewerEpochsThanTheRecipeLeaveConvergedAccuracyUndecided) {
  const auto epochs = [&](const Args& more) {
    fs::remove_all(out_);
    auto args = tiny({"--arms", "dense,low-rank", "--seeds", "2"});
    args.insert(args.end(), more.begin(), more.end());
    EXPECT_EQ(ranklens(args).status, 0);
    return text_in(out_ / "configuration.csv") + text_in(out_ / "verdicts.csv");
  };
  EXPECT_THAT(epochs({}),
              ::testing::AllOf(HasSubstr("full_epochs,6"),
                               HasSubstr("1 of 6 epochs say nothing about convergence")));
  EXPECT_THAT(
      epochs({"--full-epochs", "1"}),
      ::testing::AllOf(HasSubstr("full_epochs,1"), ::testing::Not(HasSubstr("convergence"))));
}

TEST_F(StudyCommand, AStudyInWhichAllDivergedIsAFailureWithAPage) {
  auto args = tiny({"--optimiser", "sgd(lr=1e6)", "--epochs", "3", "--arms", "dense,low-rank"});
  args.emplace_back("--quiet");
  for (int k = 0; k < 2; ++k) {  // and so it stays
    expect_complaint(ranklens(args), 1,
                     "all 2 trainings diverged, so that nothing can be compared; dense-s1: ");
    EXPECT_THAT(text_in(out_ / "report.html"),
                HasSubstr("Nothing is compared: all 2 trainings diverged."));
  }
}

TEST_F(StudyCommand, ArmsAddedLaterAreTimedBesideTheOthersAgain) {
  const auto run = [&](const std::string& arms) {
    EXPECT_EQ(ranklens(tiny({"--arms", arms})).status, 0);
    std::map<std::string, std::string> runs;
    const auto speeds = json_of(out_ / "throughput.json");
    for (const auto& [arm, speed] : speeds.items()) runs[arm] = speed.at("run");
    return runs;
  };
  auto first = run("dense,low-rank");
  EXPECT_EQ(first["dense"], first["low-rank"]);
  EXPECT_EQ(run("dense,low-rank"), first) << "nothing new to measure";
  auto other = run("dense,tt-matched");
  EXPECT_EQ(other["dense"], other["tt-matched"]);
  EXPECT_EQ(other["low-rank"], first["low-rank"]);
  auto all = run("dense,low-rank,tt-matched");
  EXPECT_EQ(all["dense"], all["low-rank"]);
  EXPECT_EQ(all["dense"], all["tt-matched"]);
}

TEST_F(StudyCommand, KeysOfTheFileAndFlagsThatWin) {
  const auto file = write(R"toml(
    data = "scenes:train=48,test=16"
    arms = ["low-rank"]
    seeds = [7]
    methods = ["gradcam", "saliency"]
    images = "test:2"
    epochs = 9
    full_epochs = 4
    width = 8
    batch = 16
    accuracy_margin = 0.5
    title = "From a file"
    compute = "float32"
    threads = 1
  )toml");
  const auto done = ranklens({"study", "--config", file, "--epochs", "1", "--out", out_.string()});
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("low-rank-s7"));
  const auto identity = json_of(out_ / "study.json");
  EXPECT_EQ(identity.at("epochs"), 1) << "the flag wins";
  EXPECT_EQ(identity.at("methods"), (Args{"gradcam", "saliency"}));
  const auto settings = text_in(out_ / "configuration.csv");
  EXPECT_THAT(settings, HasSubstr("From a file"));
  EXPECT_THAT(settings, HasSubstr("full_epochs,4"));
  EXPECT_THAT(settings, HasSubstr("accuracy_margin,0.5"));
}

TEST_F(StudyCommand, TheSeedIsTheFirstOfTheSeeds) {
  const auto done = ranklens(tiny({"--seed", "41", "--seeds", "2", "--arms", "low-rank"}));
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_TRUE(fs::exists(out_ / "cells" / "low-rank-s41.json"));
  EXPECT_TRUE(fs::exists(out_ / "cells" / "low-rank-s42.json"));
}

TEST_F(StudyCommand, AnInterruptEndsCleanlyAndTheCommandGoesOn) {
  const auto args = tiny({"--epochs", "40"});
  Process process(RANKLENS_BINARY, args);
  ASSERT_TRUE(wait_for(out_ / "work" / "dense-s1"));
  process.signal(SIGINT);
  expect_complaint(process.wait(), 1,
                   "interrupted with 0 of 1 runs finished; the same command goes on from there");
  EXPECT_FALSE(fs::exists(out_ / "report.html"));
  const auto done = ranklens(args);
  EXPECT_EQ(done.status, 0) << done.err;
}

}  // namespace
}  // namespace ranklens::app
