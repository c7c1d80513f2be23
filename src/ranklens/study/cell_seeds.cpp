#include "ranklens/study/cell_seeds.h"

#include <optional>
#include <set>

#include "ranklens/base/text.h"

namespace ranklens::study {
namespace {

namespace fs = std::filesystem;

std::optional<std::uint64_t> seed_of(const fs::path& file, const std::string& arm) {
  const auto name = file.stem().string();
  const auto mark = name.rfind("-s");
  if (file.extension() != ".json" || mark == name.npos) return std::nullopt;
  if (!arm.empty() && name.substr(0, mark) != arm) return std::nullopt;
  return base::parse_number<std::uint64_t>(name.substr(mark + 2));
}

}  // namespace

std::vector<std::uint64_t> cell_seeds(const fs::path& folder, const std::string& arm) {
  const auto cells = folder / "cells";
  std::set<std::uint64_t> seeds;
  if (!fs::is_directory(cells)) return {};
  for (const auto& entry : fs::directory_iterator(cells)) {
    if (const auto seed = seed_of(entry.path(), arm)) seeds.insert(*seed);
  }
  return {seeds.begin(), seeds.end()};
}

}  // namespace ranklens::study
