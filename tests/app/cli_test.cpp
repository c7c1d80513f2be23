#include <fstream>
#include <sstream>

#include "app/run.h"

namespace ranklens::app {
namespace {

/// The commands that a help lists.
std::vector<std::string> commands_in(const std::string& help) {
  std::vector<std::string> commands;
  std::istringstream lines(help.substr(std::min(help.find("Subcommands:"), help.size())));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line) && !line.empty()) {
    std::string command;
    // A summary that goes on is further in.
    if (line.starts_with("  ") && line[2] != ' ' && std::istringstream(line) >> command)
      commands.push_back(command);
  }
  return commands;
}

void expect_help(const Args& command) {
  const auto own = ranklens(joined(command, {"--help"}));
  std::string name;
  for (const auto& word : command) name += (name.empty() ? "" : " ") + word;
  EXPECT_EQ(own.status, 0) << name;
  EXPECT_THAT(own.out, HasSubstr("Example:\n  ranklens " + name));
  const auto inner = commands_in(own.out);
  for (const auto& below : inner) expect_help(joined(command, {below}));
  if (!inner.empty()) return;
  for (const std::string flag : {"--out", "--json", "--config"})
    EXPECT_THAT(own.out, HasSubstr(flag)) << name;
}

/// The common options that the help lists, in its order.
std::string common_in(const Args& command) {
  const auto help = ranklens(joined(command, {"--help"})).out;
  std::string listed;
  for (const std::string flag : {"--seed", "--threads", "--device", "--dtype", "--quiet"})
    if (help.find("  " + flag) != help.npos) listed += flag + " ";
  return listed;
}

TEST(Cli, HelpListsTheCommonOptionsThatChangeSomething) {
  const std::string all = "--seed --threads --device --dtype --quiet ";
  for (const std::string command : {"study", "reproduce", "train", "evaluate", "explain", "measure",
                                    "compress", "compare", "entropy", "info"})
    EXPECT_EQ(common_in({command}), all) << command;
  EXPECT_EQ(common_in({"methods"}), "") << "all are taken: see WrongUsageNamesTheNearestRight";
  EXPECT_EQ(common_in({"fetch"}), "--quiet ");
  EXPECT_EQ(common_in({"dot"}), "--threads --device ");
  EXPECT_EQ(common_in({"full"}), "--threads --device ");
  EXPECT_EQ(common_in({"contract"}), "--seed --threads --device ");
  EXPECT_EQ(common_in({"diagram"}), "--seed --threads --device ");
  EXPECT_EQ(common_in({"path"}), "--seed --threads --dtype ");
  EXPECT_EQ(common_in({"decompose"}), "--seed --threads --device --quiet ");
  for (const Args& command : {Args{"data", "make"}, Args{"data", "inspect"}, Args{"notation"}})
    EXPECT_EQ(common_in(command), "--seed --threads ") << command.front();
}

TEST(Cli, HelpMarksARequiredOut) {
  for (const std::string command :
       {"train", "compress", "decompose", "round", "full", "contract", "notation"}) {
    EXPECT_THAT(ranklens({command, "--help"}).out, HasSubstr("--out TEXT REQUIRED")) << command;
  }
  EXPECT_THAT(ranklens({"explain", "--help"}).out, ::testing::Not(HasSubstr("--out TEXT REQ")));
}

TEST(Cli, HelpListsTheCommandsAndEachShowsAnExample) {
  const auto help = ranklens({"--help"});
  EXPECT_EQ(help.status, 0);
  const auto commands = commands_in(help.out);
  // One file a command, and a page.
  EXPECT_THAT(commands, ::testing::IsSupersetOf({"compare", "compress", "contract", "data",
                                                 "decompose", "explain", "study", "train"}));
  for (const auto& entry : fs::directory_iterator(fs::path(RANKLENS_SOURCE_DIR) / "docs/commands"))
    EXPECT_THAT(commands, ::testing::Contains(entry.path().stem().string()));
  for (const auto& command : commands) expect_help({command});
}

TEST(Cli, HelpIsACommandToo) {
  EXPECT_EQ(ranklens({"help", "train"}).out, ranklens({"train", "--help"}).out);
  EXPECT_EQ(ranklens({"help", "data", "make"}).out, ranklens({"data", "make", "--help"}).out);
  EXPECT_EQ(ranklens({"help"}).out, ranklens({"--help"}).out);
  EXPECT_THAT(ranklens({"help"}).out, HasSubstr("study"));
  expect_complaint(ranklens({"help", "trian"}), 2, "there is no command 'trian'; nearest: 'train'");
}

TEST(Cli, OtherSpellingsOfAFlagAreTheSameFlag) {
  const auto spec = [](const std::string& flag) {
    return ranklens({"train", "mlp", "--data", "scenes", flag, "adam(lrr=1)", "--out", "none"});
  };
  expect_complaint(spec("--optimizer"), 2, "'adam' has no option 'lrr'");
  EXPECT_EQ(spec("--optimizer").err, spec("--optimiser").err);
  for (const std::string flag : {"--method", "--methods", "--method=gradcan"}) {
    for (const Args& command :
         {Args{"explain", "cnn-dense", "--images", "x.npy", "--report", "p.html"},
          Args{"study", "--data", "scenes:train=20,test=10", "--out", "none"}}) {
      const auto args = flag.ends_with("can") ? Args{flag} : Args{flag, "gradcan"};
      EXPECT_THAT(ranklens(joined(command, args)).err,
                  ::testing::Not(HasSubstr("there is no flag")));
    }
  }
  const auto grey = ranklens({"data", "inspect", "scenes:train=20,test=10", "--gray"});
  EXPECT_THAT(grey.out, HasSubstr("[1 x 32 x 32]")) << grey.err;
  const TemporaryFolder folder;
  std::ofstream(folder / "c.toml") << "gray = true\n";
  EXPECT_THAT(ranklens({"data", "inspect", "scenes:train=20,test=10", "--config",
                        (folder / "c.toml").string()})
                  .out,
              HasSubstr("[1 x 32 x 32]"));
}

TEST(Cli, SaysItsVersion) {
  const auto finished = ranklens({"--version"});
  EXPECT_EQ(finished.status, 0);
  EXPECT_THAT(
      finished.out,
      ::testing::MatchesRegex("ranklens [0-9]+\\.[0-9]+\\.[0-9]+( \\([0-9a-f]+(-changed)?\\))?\n"));
}

TEST(Cli, WrongUsageNamesTheNearestRight) {
  expect_complaint(ranklens({}), 2, "a command is missing: one of ");
  expect_complaint(ranklens({"method"}), 2, "there is no command 'method'; nearest: 'methods'");
  expect_complaint(ranklens({"methods", "--thread", "2"}), 2,
                   "there is no flag '--thread'; nearest: '--threads'");
  // The misspelt flag is the fault, not the required one that it should have been.
  expect_complaint(ranklens({"measure", "--map", "x.npy"}), 2,
                   "there is no flag '--map'; nearest: '--maps'");
  expect_complaint(ranklens({"train", "mlp", "--lr", "0.01"}), 2,
                   "there is no flag '--lr'; the optimiser has it: --optimiser 'adam(lr=0.01)' (");
  expect_complaint(ranklens({"train", "mlp", "--zzzzzzz"}), 2, "there is no flag '--zzzzzzz' (see");
  expect_complaint(ranklens({"decompose", "x.npy", "--format", "xx"}), 2,
                   "--format takes tt, tucker, cp or tucker_tt, not 'xx' (see");
  expect_complaint(ranklens({"entropy", "x.safetensors", "--alpha", "-1"}), 2,
                   "--alpha takes a number from 0 to 1e+06, not '-1'");
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
  const TemporaryFolder folder;
  const auto refused = [&](const Args& args, const std::string& part) {
    const auto finished = ranklens(args);
    expect_complaint(finished, 2, part);
    EXPECT_THAT(finished.err, HasSubstr(" of memory, and there are ")) << args.front();
    EXPECT_FALSE(fs::exists(folder / "out")) << args.front();
  };
  const auto out = (folder / "out").string();
  refused({"info", "mlp", "--size", "16384", "--hidden", "1048576,1048576"}, "a network of ");
  const std::string few = "scenes:train=20,test=10";
  refused({"train", "cnn-dense", "--width", "65536", "--data", few, "--out", out}, "a network of ");
  refused({"study", "--width", "65536", "--data", few, "--images", "test:2", "--out", out},
          "a network of ");
  refused({"train", "mlp", "--data", few, "--size", "512", "--hidden", "500000", "--out", out},
          "a network of ");
  refused({"data", "make", "scenes", "--count", "10000000", "--size", "512", "--out", out},
          "a set of 10000000 scenes of 512x512 pixels takes ");
  refused({"data", "inspect", "scenes:train=100000000,size=512"}, "a set of 100000000 scenes");
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
  EXPECT_THAT(ranklens({"reproduce", "--help"}).out, HasSubstr("--out TEXT=runs/NAME"));
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
                   "the key 'confi' does not exist\n");
  expect_complaint(ranklens({"study", "--config", write("data = scenes")}), 2,
                   "line 1: this value is no number, truth or list; texts stand in quotes: "
                   "key = \"text\"");
}

}  // namespace
}  // namespace ranklens::app
