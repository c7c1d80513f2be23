#include <fstream>

#include "app/run.h"

namespace ranklens::app {
namespace {

TEST(Cli, HelpListsTheCommandsAndEachShowsAnExample) {
  const auto help = ranklens({"--help"});
  EXPECT_EQ(help.status, 0);
  for (const std::string command :
       {"decompose", "dot", "entropy", "evaluate", "explain", "fetch", "full", "info", "measure",
        "methods", "reproduce", "round", "study", "train"}) {
    EXPECT_THAT(help.out, HasSubstr(command));
    const auto own = ranklens({command, "--help"});
    EXPECT_EQ(own.status, 0);
    EXPECT_THAT(own.out, HasSubstr("Example:\n  ranklens " + command));
    for (const std::string flag :
         {"--seed", "--threads", "--device", "--dtype", "--out", "--quiet", "--json", "--config"}) {
      EXPECT_THAT(own.out, HasSubstr(flag)) << command;
    }
  }
}

TEST(Cli, SaysItsVersion) {
  const auto finished = ranklens({"--version"});
  EXPECT_EQ(finished.status, 0);
  EXPECT_THAT(finished.out, ::testing::MatchesRegex("ranklens [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(Cli, WrongUsageNamesTheNearestRight) {
  expect_complaint(ranklens({}), 2, "a command is missing: one of ");
  expect_complaint(ranklens({"method"}), 2, "there is no command 'method'; nearest: 'methods'");
  expect_complaint(ranklens({"methods", "--thread", "2"}), 2,
                   "there is no flag '--thread'; nearest: '--threads'");
  // The misspelt flag is the fault, not the required one that it should have been.
  expect_complaint(ranklens({"measure", "--map", "x.npy"}), 2,
                   "there is no flag '--map'; nearest: '--maps'");
  expect_complaint(ranklens({"methods", "everything"}), 2, "'everything' is one argument too many");
  expect_complaint(ranklens({"measure"}), 2, "--maps is required");
  expect_complaint(ranklens({"methods", "--seed", "x"}), 2, "--seed");
  expect_complaint(ranklens({"methods", "--threads", "-1"}), 2, "--threads");
  expect_complaint(ranklens({"methods", "--dtype", "int8"}), 2, "'int8' is no dtype");
  expect_complaint(ranklens({"methods", "--device", "warp"}), 2, "'warp' names no device");
}

TEST(Cli, OutputThatCannotBeWrittenIsAFailure) {
  const auto finished = ranklens({"methods"}, {.out_path = "/dev/full"});
  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.err, HasSubstr("could not be written"));
  expect_complaint(ranklens({"methods", "--out", "/dev/full"}), 1, "/dev/full");
}

TEST(Cli, JsonIsOneObjectAndOutKeepsIt) {
  const TemporaryFolder folder;
  const auto file = folder / "methods.json";
  const auto finished = ranklens({"methods", "--json", "--out", file.string()});
  ASSERT_EQ(finished.status, 0) << finished.err;
  const auto printed = nlohmann::json::parse(finished.out);
  EXPECT_TRUE(printed.is_object());
  EXPECT_EQ(json_of(file), printed);
}

class Config : public ::testing::Test {
 protected:
  std::string write(const std::string& text) {
    std::ofstream(folder_ / "c.toml") << text;
    return (folder_ / "c.toml").string();
  }
  TemporaryFolder folder_;
};

TEST_F(Config, EveryKeyIsAFlag) {
  const auto finished = ranklens({"methods", "--config", write("json = true\nseed = 3\n")});
  ASSERT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(finished.out.front(), '{');
  EXPECT_EQ(ranklens({"methods", "--config=" + write("json = false")}).out.front(), 'm');
}

TEST_F(Config, AFlagWins) {
  EXPECT_EQ(
      ranklens({"methods", "--config", write("dtype = 'nonsense'"), "--dtype", "float64"}).status,
      0);
}

TEST_F(Config, FillsRequiredFlags) {
  // Read past "--maps is required", to the file that does not exist.
  expect_complaint(ranklens({"measure", "--config", write("maps = 'nowhere.npy'")}), 2,
                   "nowhere.npy");
}

TEST_F(Config, FaultsAreSaid) {
  expect_complaint(ranklens({"methods", "--config", "nowhere.toml"}), 2, "nowhere.toml");
  expect_complaint(ranklens({"methods", "--config", write("thread = 2")}), 2,
                   "the key 'thread' does not exist; nearest: 'threads'");
  expect_complaint(ranklens({"methods", "--config", write("seed = = 2")}), 2, "line 1");
  expect_complaint(ranklens({"methods", "--config", write("seed = 'x'")}), 2, "--seed");
  expect_complaint(ranklens({"methods", "--config", write("config = 'x'")}), 2, "'config'");
}

}  // namespace
}  // namespace ranklens::app
