#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "paths.h"

namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The layers, lowest first, as the build has them.
std::vector<std::string> layers() {
  const std::string text = read(fs::path(RANKLENS_SOURCE_DIR) / "cmake/RanklensTargets.cmake");
  std::smatch found;
  if (!std::regex_search(text, found, std::regex(R"(set\(RANKLENS_LAYERS ([^)]*)\))"))) return {};
  std::istringstream words(found[1].str());
  return {std::istream_iterator<std::string>(words), {}};
}

/// What is wrong about the includes of one source of `layer`: one above it, or one too wide.
std::vector<std::string> faults(const std::string& layer, const std::string& source) {
  static const std::regex include(R"(#include\s*(<|")([^>"]+)[>"])");
  static const std::vector<std::string> too_wide = {"torch/torch.h", "torch/all.h", "ATen/ATen.h",
                                                    "torch/extension.h", "ATen/Functions.h"};
  const auto order = layers();
  const auto rank = [&](const std::string& name) {
    return std::find(order.begin(), order.end(), name) - order.begin();
  };
  std::vector<std::string> wrong;
  for (std::sregex_iterator it(source.begin(), source.end(), include), end; it != end; ++it) {
    const std::string path = (*it)[2];
    if (std::count(too_wide.begin(), too_wide.end(), path)) wrong.push_back(path);
    if ((*it)[1] != "\"") continue;
    // Includes name the whole path, and its folder is no layer above.
    if (!path.starts_with("ranklens/") ||
        rank(path.substr(9, path.find('/', 9) - 9)) > rank(layer)) {
      wrong.push_back(path);
    }
  }
  return wrong;
}

bool is_source(const fs::path& path) {
  return path.extension() == ".cpp" || path.extension() == ".h";
}

TEST(Layers, AreTheFoldersOfTheSources) {
  const auto order = layers();
  ASSERT_FALSE(order.empty());
  for (const auto& entry : fs::directory_iterator(fs::path(RANKLENS_SOURCE_DIR) / "src/ranklens")) {
    EXPECT_THAT(order, ::testing::Contains(entry.path().filename().string()));
  }
}

TEST(Layers, IncludeOnlyWhatIsBelow) {
  for (const auto& layer : layers()) {
    const auto folder = fs::path(RANKLENS_SOURCE_DIR) / "src/ranklens" / layer;
    if (!fs::exists(folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!is_source(entry.path())) continue;
      EXPECT_THAT(faults(layer, read(entry.path())), ::testing::IsEmpty()) << entry.path();
    }
  }
}

TEST(Layers, AViolationIsSeen) {
  EXPECT_THAT(faults("nn",
                     "#include \"ranklens/optim/adam.h\"\n#include \"ranklens/tn/svd.h\"\n"
                     "#include \"ranklens/nn/graph.h\"\n#include \"sibling.h\"\n"),
              ::testing::ElementsAre("ranklens/optim/adam.h", "sibling.h"));
  EXPECT_THAT(faults("nn", "#include <torch/torch.h>\n#include <ATen/core/Tensor.h>\n"),
              ::testing::ElementsAre("torch/torch.h"));
  EXPECT_THAT(faults("nn", "#include \"ranklens/elsewhere/x.h\""),
              ::testing::ElementsAre("ranklens/elsewhere/x.h"));
}

/// All files of the project but what is built, installed or fetched.
std::vector<fs::path> project_files() {
  static const std::vector<std::string> left_out = {".git", ".venv", "build",      "node_modules",
                                                    "runs", "data",  "__pycache__"};
  std::vector<fs::path> files;
  const fs::path root = RANKLENS_SOURCE_DIR;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::recursive_directory_iterator();
       ++it) {
    const bool at_root = it->path().parent_path() == root;
    const std::string name = it->path().filename().string();
    if (std::count(left_out.begin(), left_out.end(), name) && (at_root || name != "data")) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file() && !it->is_symlink()) {
      files.push_back(it->path());
    }
  }
  return files;
}

TEST(Sources, StayShort) {
  for (const auto& path : project_files()) {
    if (!is_source(path)) continue;
    const std::string text = read(path);
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 350) << path << ": one idea a file";
  }
}

/// Loops that are silently serial in a file compiled without OpenMP.
bool has_own_threads(const std::string& source) {
  static const std::regex loop(R"(at::parallel_(for|reduce)\s*[(<]|#pragma omp)");
  return std::regex_search(source, loop);
}

TEST(Sources, ComputeOnSeveralThreadsThroughOneFunction) {
  for (const std::string folder : {"src", "apps", "bench"}) {
    for (const auto& entry :
         fs::recursive_directory_iterator(fs::path(RANKLENS_SOURCE_DIR) / folder)) {
      if (!is_source(entry.path()) || entry.path().filename() == "parallel.cpp") continue;
      EXPECT_FALSE(has_own_threads(read(entry.path()))) << entry.path();
    }
  }
  EXPECT_TRUE(has_own_threads("at::parallel_for(0, n, 1, body);"));
}

TEST(Sources, NameNoMachineAndNoRegistry) {
  // Written in pieces, so that this file does not name them.
  const std::regex place(std::string(R"((^|[^\w./-])/(work|root|home)/)") +
                         "|(pypi|pytorch|pythonhosted|npmjs|debian)" +
                         R"(\.(org|com)/(simple|whl|packages|debian\b))" +
                         "|registry\\.(npmjs|yarnpkg)|deb\\.debian|files\\.pythonhosted");
  for (const auto& path : project_files()) {
    const std::string text = read(path);
    if (text.find('\0') != std::string::npos || text.size() > (1U << 20)) continue;  // no text
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      std::smatch found;
      const bool named = line.size() < 2000 && std::regex_search(line, found, place);
      EXPECT_FALSE(named) << path << ": " << line;
    }
  }
}

}  // namespace
