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

TEST(Cli, NumbersThatAreNoneAreSaidInWords) {
  const auto refused = [](const Args& args, const std::string& part) {
    expect_complaint(ranklens(args), 2, part);
  };
  refused({"study", "--epochs", "abc"}, "--epochs takes a whole number above 0, not 'abc' (see");
  refused({"study", "--width", "1.5"}, "--width takes a whole number above 0, not '1.5'");
  refused({"study", "--accuracy-margin", "0"}, "--accuracy-margin takes a number above 0, not '0'");
  refused({"study", "--dropout", "nan"}, "--dropout takes a number from 0 to 1, not 'nan'");
  refused({"info", "cnn-tt", "--size", "x"},
          "--size takes a whole number from 1 to 65536, not 'x'");
  refused({"methods", "--seed", "-1"}, "--seed takes a whole number of 0 or more");
  refused({"methods", "--threads", "x"}, "--threads takes a whole number from 0 to 4096, not 'x'");
  refused({"info", "cnn-tt", "--width", "8", "--width", "16"},
          "--width was given 2 values and takes 1");
  const TemporaryFolder folder;
  std::ofstream(folder / "c.toml") << "epochs = 'abc'\n";
  refused({"study", "--config", (folder / "c.toml").string()},
          "--epochs takes a whole number above 0, not 'abc'");
}

TEST(Cli, SizesBeyondTheMachineAreOneSentence) {
  expect_complaint(ranklens({"info", "mlp", "--size", "65536", "--hidden", "1048576,1048576"}), 1,
                   "out of memory");
}

TEST(Cli, OutIsAFolderOrAFileAndTheHelpSaysWhich) {
  for (const std::string command : {"study", "reproduce", "train", "explain", "fetch"}) {
    EXPECT_THAT(ranklens({command, "--help"}).out, HasSubstr("the folder that the results go to"));
  }
  for (const std::string command : {"measure", "evaluate", "info", "methods"}) {
    EXPECT_THAT(ranklens({command, "--help"}).out,
                HasSubstr("a file that the JSON object goes to"));
  }
  EXPECT_THAT(ranklens({"study", "--help"}).out, HasSubstr("runs/study"));
  EXPECT_THAT(ranklens({"reproduce", "--help"}).out, HasSubstr("runs/hackathon"));
}

TEST(Cli, OnlyItsOwnJsonIsReplaced) {
  const TemporaryFolder folder;
  const auto to = [&](const std::string& name) {
    return Args{"methods", "--out", (folder / name).string()};
  };
  expect_complaint(ranklens({"methods", "--out", folder.path().string()}), 2, "is a folder");
  for (const std::string foreign : {"thesis", "{}", R"({"grades": [1]})"}) {
    std::ofstream(folder / "foreign") << foreign;
    expect_complaint(ranklens(to("foreign")), 2, "holds no JSON of ranklens: it is not replaced");
    std::ifstream file(folder / "foreign");
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), foreign);
  }
  EXPECT_EQ(ranklens(to("own.json")).status, 0);
  EXPECT_EQ(ranklens(to("own.json")).status, 0);
}

TEST(Cli, HelpThatCannotBeWrittenIsAFailure) {
  EXPECT_EQ(ranklens({"--help"}, {.out_path = "/dev/full"}).status, 1);
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
  expect_complaint(ranklens({"methods", "--config", write("config = 'x'")}), 2,
                   "'config' is a flag, but no key of a file");
  expect_complaint(ranklens({"methods", "--config", write("confi = 'x'")}), 2,
                   "the key 'confi' does not exist; nearest: '");
}

}  // namespace
}  // namespace ranklens::app
