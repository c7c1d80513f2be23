#pragma once

#include <array>
#include <filesystem>
#include <string_view>

namespace ranklens::data {

/// The page, and the pictures it shows, by their names in its folder.
inline constexpr std::string_view kScenesPage = "scenes.md";
inline constexpr std::array<std::string_view, 3> kScenesPictures{"scenes.png", "scenes-masks.png",
                                                                 "scenes-shortcut.png"};

/// Writes the page that documents the generated classes into `folder`: scenes.md (what each class
/// is made of, what the pictures promise, what simple models reach on them, measured now) and its
/// pictures scenes.png, scenes-masks.png and scenes-shortcut.png.
void write_scenes_page(const std::filesystem::path& folder);

}  // namespace ranklens::data
