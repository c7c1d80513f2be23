#pragma once

#include <cstdint>
#include <filesystem>

#include "ranklens/data/dataset.h"

namespace ranklens::data {

struct FolderOptions {
  Split split = Split::all;
  std::int64_t size = 0;   ///< scale and crop to size × size; 0: all images must agree already
  std::int64_t limit = 0;  ///< the first images, taken from the classes in turn; 0: all
};

/// A folder with a folder of PNG or JPEG files for each class; classes and files in the order of
/// their names, other files ignored. If any image has colour, all get three channels.
/// Where `folder` holds `train` and one of `test`, `val`, `valid`, `validation`, these are the
/// parts, and the classes those of `train`; else every fifth file of a class is for testing.
/// Error for a folder without images, a class without images, images of different shapes when no
/// size is given, and any file that does not decode.
Dataset read_image_folder(const std::filesystem::path& folder, const FolderOptions& options = {});

/// How many such files the folder holds, in all its parts; none is read. Errors as above.
std::int64_t count_image_files(const std::filesystem::path& folder);

}  // namespace ranklens::data
