#pragma once

#include <filesystem>

#include "ranklens/data/dataset.h"

namespace ranklens::data {

/// A folder with images.npy ([N, C, H, W] or [N, H, W], uint8, or floats in [0, 1]), labels.npy
/// (integers [N]) and, where they are there, masks.npy and shortcut_masks.npy ([N, H, W], not 0 on
/// the object) and classes.txt (a name a line; without it the classes are the labels' numbers).
/// Floats that are all k/255 are kept as uint8, which loses nothing. Errors as check() states.
Dataset read_npy_set(const std::filesystem::path& folder);

/// Writes such a folder, made if it does not exist: images as float32 in [0, 1], labels as int64,
/// masks as uint8, classes.txt; all of them or, where the disk fails, none.
void write_npy_set(const std::filesystem::path& folder, const Dataset& data);

/// float32 in [0, 1], the same shape.
at::Tensor to_float(const at::Tensor& images);

}  // namespace ranklens::data
