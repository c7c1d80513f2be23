#include "outputs.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/json.h"
#include "ranklens/data/scenes_page.h"

namespace ranklens::app {
namespace {

namespace fs = std::filesystem;

/// So far into a text stands what marks it as ours.
constexpr std::uint64_t kStart = 4096;
/// Longer results of ours are not known as such, and stay.
constexpr std::uint64_t kMostText = std::uint64_t{1} << 28;

std::string start_of(const fs::path& path) {
  const base::InputFile file(path);
  return file.read(0, std::min(file.size(), kStart));
}

bool starts_with_words(const fs::path& path, std::string_view words) {
  return start_of(path).find(words) != std::string::npos;
}

bool is_own_json(const fs::path& path) {
  if (fs::file_size(path) > kMostText) return false;
  const auto object = base::read_json(path);
  return object.is_object() && object.contains("ranklens");
}

/// The metadata of a safetensors file, its tensors unread.
nlohmann::json metadata_of(const fs::path& path) {
  const base::InputFile file(path);
  const auto bytes = file.read(0, 8);
  std::uint64_t length = 0;
  for (std::size_t k = 0; k < 8; ++k)
    length |= std::uint64_t{static_cast<unsigned char>(bytes[k])} << (8 * k);
  base::require(length <= kMostText, "'{}' has a header of {} bytes", path.string(), length);
  return base::parse_json(file.read(8, length), path.string())
      .value("__metadata__", nlohmann::json::object());
}

bool is_own_state_dict(const fs::path& path) {
  if (path.extension() == ".safetensors") return metadata_of(path).value("format", "") == "pt";
  // torch.save calls the folder inside by the file's own name.
  const auto start = start_of(path);
  return start.starts_with("PK") && start.substr(30, 16) == "archive/data.pkl";
}

bool holds_unsafe(const fs::path& path, FileKind kind) {
  switch (kind) {
    case FileKind::json:
      return is_own_json(path);
    case FileKind::network:
      return metadata_of(path).contains("ranklens.graph") &&
             metadata_of(path).contains("compressed");
    case FileKind::fetched:
      return metadata_of(path).contains("ranklens.graph") &&
             metadata_of(path).contains("labels_source");
    case FileKind::decomposed:
      return metadata_of(path).value("format", "").starts_with("ranklens.");
    case FileKind::array:
      return start_of(path).starts_with("\x93NUMPY");
    case FileKind::page:
      return starts_with_words(path, R"(<meta name="generator" content="ranklens">)");
    case FileKind::svg:
      return starts_with_words(path, R"(<svg class="tensor-diagram")");
    case FileKind::tikz:
      return starts_with_words(path, R"(\begin{tikzpicture}[line width=0.9pt,tensor/.style)");
    case FileKind::scenes:
      return starts_with_words(path, "<!-- Written by `ranklens data make scenes");
    case FileKind::picture:
      return start_of(path).starts_with("\x89PNG") &&
             holds(path.parent_path() / data::kScenesPage, FileKind::scenes);
    case FileKind::state_dict:
      return is_own_state_dict(path);
  }
  return false;
}

const char* what_it_lacks(FileKind kind) {
  switch (kind) {
    case FileKind::json:
      return "holds no JSON of ranklens";
    case FileKind::network:
      return "holds no network that 'ranklens compress' wrote";
    case FileKind::fetched:
      return "holds no network that 'ranklens fetch' wrote";
    case FileKind::decomposed:
      return "holds no decomposed tensor";
    case FileKind::array:
      return "is no .npy file";
    case FileKind::page:
      return "is no page of ranklens";
    case FileKind::svg:
    case FileKind::tikz:
      return "is no drawing of ranklens";
    case FileKind::scenes:
      return "is no page about the generated scenes";
    case FileKind::picture:
      return "is no picture of such a page of ranklens";
    case FileKind::state_dict:
      return "is no state dict as ranklens writes them";
  }
  return "";
}

void check_place(const OutputFile& output, const fs::path& made) {
  std::error_code ignored;
  const fs::path path = output.path;
  const auto status = fs::status(path, ignored);
  base::require(!fs::is_directory(status), "{} names a file, but '{}' is a folder", output.flag,
                output.path);
  const auto folder = fs::absolute(path).parent_path();
  const bool comes = !made.empty() && !fs::exists(folder) && same_place(folder, made);
  base::require(fs::exists(status) || fs::is_directory(folder) || comes,
                "'{}' cannot be written: '{}' is no folder", output.path, folder.string());
  if (!fs::is_regular_file(status) || fs::file_size(path) == 0) return;
  base::require(holds(path, output.kind),
                "'{}' is there and {}: it is not replaced; give {} another name", output.path,
                what_it_lacks(output.kind), output.flag);
}

}  // namespace

bool same_place(const fs::path& a, const fs::path& b) {
  // A slash at the end is no part of a name.
  const auto plain = [](const fs::path& path) {
    return fs::absolute(path / "x").lexically_normal();
  };
  return plain(a) == plain(b);
}

bool same_file(const std::string& a, const std::string& b) {
  std::error_code ignored;
  if (fs::equivalent(a, b, ignored)) return fs::is_regular_file(a);
  return !fs::exists(a, ignored) &&
         fs::absolute(a).lexically_normal() == fs::absolute(b).lexically_normal();
}

bool holds(const fs::path& path, FileKind kind) {
  try {
    return holds_unsafe(path, kind);
  } catch (const base::Error&) {
    return false;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

void require_replaceable(const std::vector<OutputFile>& outputs,
                         const std::vector<std::string>& inputs, const fs::path& made) {
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    const auto& output = outputs[k];
    if (output.path.empty()) continue;
    for (const auto& input : inputs) {
      std::error_code ignored;
      base::require(!fs::is_regular_file(input, ignored) || !same_file(output.path, input),
                    "'{}' is what the command reads: it is not replaced; give {} another name",
                    output.path, output.flag);
    }
    for (std::size_t other = 0; other < k; ++other)
      base::require(outputs[other].path.empty() || !same_file(output.path, outputs[other].path),
                    "{} and {} name the same file, '{}'", outputs[other].flag, output.flag,
                    output.path);
    check_place(output, made);
  }
}

}  // namespace ranklens::app
