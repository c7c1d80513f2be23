#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "paths.h"

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kRun = 12;  // lines in a row that two files may not both have

/// The lines that say something: no includes, comments, or brackets alone.
std::vector<std::string> telling_lines(std::istream& text) {
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    const auto first = line.find_first_not_of(" \t");
    if (first == std::string::npos) continue;
    line = line.substr(first);
    const bool plain = line.size() >= 4 && !line.starts_with("//") && !line.starts_with('#');
    if (plain) lines.push_back(line);
  }
  return lines;
}

/// Finds runs of lines that were there before, in another file.
class Copies {
 public:
  /// The other file, or "".
  std::string add(const std::string& name, const std::vector<std::string>& lines) {
    std::string from;
    for (std::size_t i = 0; i + kRun <= lines.size(); ++i) {
      std::string run;
      for (std::size_t k = i; k < i + kRun; ++k) run += lines[k] + '\n';
      const auto [known, fresh] = first_.try_emplace(run, name);
      if (!fresh && known->second != name) from = known->second;
    }
    return from;
  }

 private:
  std::map<std::string, std::string> first_;
};

TEST(CopiedSources, NoTwoFilesSayTheSame) {
  Copies copies;
  for (const std::string root : {"src", "apps"}) {
    for (const auto& entry :
         fs::recursive_directory_iterator(fs::path(RANKLENS_SOURCE_DIR) / root)) {
      if (entry.path().extension() != ".cpp" && entry.path().extension() != ".h") continue;
      std::ifstream text(entry.path());
      EXPECT_EQ(copies.add(entry.path().string(), telling_lines(text)), "") << entry.path();
    }
  }
}

TEST(CopiedSources, ACopyIsSeen) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < kRun; ++i) lines.push_back("line " + std::to_string(i));
  Copies copies;
  EXPECT_EQ(copies.add("a.cpp", lines), "");
  EXPECT_EQ(copies.add("b.cpp", lines), "a.cpp");
  lines.pop_back();
  EXPECT_EQ(copies.add("c.cpp", lines), "");
}

TEST(CopiedSources, NothingIsLeftUnfinished) {
  // Written in pieces, so that this file does not have them.
  const std::regex unfinished(std::string("\\bTO") + "DO\\b|\\bFIX" + "ME\\b|not yet imple" +
                              "mented");
  for (const std::string root : {"src", "apps", "tests"}) {
    for (const auto& entry :
         fs::recursive_directory_iterator(fs::path(RANKLENS_SOURCE_DIR) / root)) {
      if (entry.path().extension() != ".cpp" && entry.path().extension() != ".h") continue;
      std::ifstream text(entry.path());
      for (std::string line; std::getline(text, line);) {
        EXPECT_FALSE(std::regex_search(line, unfinished)) << entry.path() << ": " << line;
      }
    }
  }
}

// Every folder of the tensor networks has tests of its own.
TEST(CopiedSources, EveryFolderOfTensorNetworksIsTested) {
  const fs::path root = RANKLENS_SOURCE_DIR;
  std::set<std::string> tested;
  for (const auto& entry : fs::recursive_directory_iterator(root / "tests/tn")) {
    if (entry.path().filename().string().find("_test.cpp") == std::string::npos) continue;
    tested.insert(fs::relative(entry.path().parent_path(), root / "tests/tn").string());
  }
  for (const auto& entry : fs::directory_iterator(root / "src/ranklens/tn")) {
    if (!entry.is_directory()) continue;
    EXPECT_THAT(tested, ::testing::Contains(entry.path().filename().string()));
  }
}

}  // namespace
