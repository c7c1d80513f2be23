#include "ranklens/base/free_folder.h"

#include <algorithm>
#include <set>

#include "ranklens/base/error.h"
#include "ranklens/base/json.h"

namespace ranklens::base {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRemedy = "choose another folder (--out) or remove this one";

/// A name in the folder, the first in order; "" where there is none.
std::string first_name(const fs::path& folder) {
  std::string first;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with('.') && (first.empty() || name < first)) first = name;
  }
  require(!failed, "the folder '{}' cannot be read: {}", folder.string(), failed.message());
  return first;
}

bool any_there(const fs::path& folder, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const auto& name) { return fs::exists(folder / name); });
}

bool has_mark(const fs::path& folder, const FolderUse& use) { return any_there(folder, use.marks); }

/// By these a training or a study that is not finished is known.
bool may_lie_there(const fs::path& folder, const FolderUse& use) {
  return use.among_others &&
         !any_there(folder, {"study.json", "checkpoint.safetensors", "metrics.jsonl",
                             "best.safetensors", "last.safetensors"});
}

/// The manifest; a null where it is none of this program's.
nlohmann::json manifest_in(const fs::path& folder) {
  try {
    auto manifest = read_json(folder / "manifest.json");
    const bool ours =
        manifest.is_object() && manifest.value("command", nlohmann::json()).is_string();
    return ours ? manifest : nlohmann::json();
  } catch (const SystemError&) {
    throw;
  } catch (const Error&) {
    return {};
  }
}

std::set<std::string> listed_in(const nlohmann::json& manifest) {
  std::set<std::string> names{"manifest.json"};
  const auto entries = manifest.is_object() ? manifest.value("entries", nlohmann::json()) : nullptr;
  for (const auto& entry : entries) {
    if (!entry.is_object()) continue;
    const auto name = entry.find("file");
    if (name != entry.end() && name->is_string()) names.insert(name->get<std::string>());
  }
  return names;
}

/// Nothing is replaced but what the manifest, a null where there is none, says to be ours.
void check_writes(const fs::path& folder, const FolderUse& use, const nlohmann::json& manifest) {
  const auto listed = listed_in(manifest);
  for (const auto& name : use.writes) {
    require(listed.contains(name) || !fs::exists(folder / name),
            "'{}' is there and no manifest of ranklens lists it: it is not replaced; choose "
            "another folder (--out) or move it",
            (folder / name).string());
  }
}

void check_manifest(const fs::path& folder, const FolderUse& use, const nlohmann::json& manifest) {
  require(!manifest.is_null(), "'{}' holds a manifest.json that 'ranklens {}' did not write; {}",
          folder.string(), use.command, kRemedy);
  const auto command = manifest.at("command").get<std::string>();
  require(command == use.command ||
              std::find(use.alike.begin(), use.alike.end(), command) != use.alike.end(),
          "'{}' holds the result of 'ranklens {}'; {}", folder.string(), command, kRemedy);
  if (has_mark(folder, use) || command != use.command) return;
  const auto difference =
      first_difference(manifest.value("identity", nlohmann::json::object()), use.identity);
  require(difference.empty(),
          "'{}' holds the result of 'ranklens {}' of another configuration: {}; {}",
          folder.string(), command, difference, kRemedy);
}

constexpr std::size_t kMostShown = 120;

std::string text_of(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The part of a text that begins at `from`, a place where a character does.
std::string shown(const std::string& text, std::size_t from = 0) {
  const auto part = text.substr(from);
  return (from > 0 ? "..." : "") +
         (part.size() > kMostShown ? part.substr(0, kMostShown) + "..." : part);
}

std::string shown(const nlohmann::json& value) { return shown(text_of(value)); }

/// Where to begin to show two texts so that what differs is seen: in the middle of long ones after
/// the last comma or space before that.
std::size_t begin_of_difference(const std::string& one, const std::string& other) {
  const auto same = static_cast<std::size_t>(
      std::mismatch(one.begin(), one.end(), other.begin(), other.end()).first - one.begin());
  if (std::max(one.size(), other.size()) <= kMostShown || same < kMostShown / 2) return 0;
  const auto before = one.find_last_of(", ", same - 1);
  return before == std::string::npos ? 0 : before + 1;
}

}  // namespace

void require_free(const fs::path& folder, const FolderUse& use) {
  std::error_code ignored;
  const auto status = fs::status(folder, ignored);
  if (!fs::exists(status)) return;
  require(fs::is_directory(status), "'{}' is no folder", folder.string());
  const auto name = first_name(folder);
  if (name.empty()) return;
  if (fs::exists(folder / "manifest.json")) {
    const auto manifest = manifest_in(folder);
    check_manifest(folder, use, manifest);
    return check_writes(folder, use, manifest);
  }
  require(has_mark(folder, use) || may_lie_there(folder, use),
          "'{}' is not empty ('{}' is there) and holds no finished result of 'ranklens {}'; {}",
          folder.string(), name, use.command, kRemedy);
  check_writes(folder, use, nlohmann::json());
}

std::string first_difference(const nlohmann::json& there, const nlohmann::json& here) {
  if (!there.is_object()) return "its configuration cannot be read";
  std::set<std::string> keys;
  for (const auto* object : {&there, &here}) {
    for (const auto& [key, value] : object->items()) keys.insert(key);
  }
  for (const auto& key : keys) {
    if (!there.contains(key))
      return fmt::format("{} is not given there and {} here", key, shown(here.at(key)));
    if (!here.contains(key))
      return fmt::format("{} is {} there and not given here", key, shown(there.at(key)));
    if (there.at(key) != here.at(key)) {
      const auto one = text_of(there.at(key)), other = text_of(here.at(key));
      const auto from = begin_of_difference(one, other);
      return fmt::format("{} is {} there and {} here", key, shown(one, from), shown(other, from));
    }
  }
  return "";
}

}  // namespace ranklens::base
