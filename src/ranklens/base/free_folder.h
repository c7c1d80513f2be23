#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace ranklens::base {

/// What a command is about to write into a folder.
struct FolderUse {
  std::string command;  ///< "explain": what the folder's manifest.json must name
  /// Other commands whose folders serve as well.
  std::vector<std::string> alike = {};
  /// All that decides what the files will hold: the manifest's "identity" must be equal.
  nlohmann::json identity = nlohmann::json::object();
  /// Files by which the command knows a run of its own, finished or not ("study.json"). It compares
  /// what they say itself: where one is there, `identity` is not looked at.
  std::vector<std::string> marks = {};
  /// The results may lie among files of other origin, such as the images that are explained; not
  /// among those of a training or a study.
  bool among_others = false;
  /// The names of what is written. A file of such a name is replaced only if the folder's manifest
  /// lists it.
  std::vector<std::string> writes = {};
};

/// An Error unless a command may write into the folder: it is absent, or empty, or holds what the
/// same command made under the same configuration (of commands that are alike any), or files that
/// the command may lie among. The sentence names what is there and what to do. Names that begin
/// with a dot do not count. Nothing is written. Every command that writes a folder calls this
/// first.
void require_free(const std::filesystem::path& folder, const FolderUse& use);

/// What is another in `here` than in `there`, as "epochs is 3 there and 4 here", for the first key
/// in alphabetical order; "" where both agree.
std::string first_difference(const nlohmann::json& there, const nlohmann::json& here);

}  // namespace ranklens::base
