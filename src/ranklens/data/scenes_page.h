#pragma once

#include <filesystem>

namespace ranklens::data {

/// Writes the page that documents the generated classes into `folder`: scenes.md (what each class
/// is made of, what the pictures promise, what simple models reach on them, measured now) and its
/// pictures scenes.png, scenes-masks.png and scenes-shortcut.png.
void write_scenes_page(const std::filesystem::path& folder);

}  // namespace ranklens::data
