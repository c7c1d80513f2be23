#pragma once

#include <filesystem>

#include "ranklens/tn/formats/stored.h"

namespace ranklens::tn {

/// Safetensors files beside those of trains (train/container.h), with the metadata format, kind,
/// dtype, modes, ranks and convention: a Tucker tensor as core and factor.0, factor.1, ...; a sum
/// of rank-one tensors, normalised, as weights (real, largest first) and the same factors; a Tucker
/// train as core.0, core.1, ... and the factors, with mode_ranks, centre and log_scale.
void write_stored(const std::filesystem::path& path, const Stored& stored);

/// Reads any of the formats; everything is checked. Error for a file of another kind, missing or
/// surplus tensors, metadata that contradict the tensors, NaN or infinite entries.
Stored read_stored(const std::filesystem::path& path);

/// Whether it is a file of one of these formats, by its metadata; false where it cannot be read.
bool holds_stored(const std::filesystem::path& path);

}  // namespace ranklens::tn
