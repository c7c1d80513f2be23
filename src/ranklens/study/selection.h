#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ranklens/data/dataset.h"

namespace ranklens::study {

/// The images that a study explains.
struct Selection {
  data::Dataset data;
  /// Their places in the file they come from, and the same as text.
  std::vector<std::int64_t> items;
  /// Consecutive groups of one origin: "items 64-79", "first 16 of class frog".
  struct Group {
    std::string title;
    std::int64_t count = 0;
  };
  std::vector<Group> groups;
};

/// Which part of the data a selection's text speaks of: "train:..." or "test:...".
data::Split selection_split(std::string_view text);

/// Picks images: "test:64" the first 64, "train:64-79" items 64 to 79, "train:label=6:16" the first
/// 16 of class 6; several separated by commas. `source` is the part of the data that
/// selection_split names.
Selection select(std::string_view text, const data::Dataset& source);

/// Places in the selection of images that were not there before: groups may share images, and means
/// count each once.
std::vector<std::int64_t> distinct(const Selection& selection);

}  // namespace ranklens::study
