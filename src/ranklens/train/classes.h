#pragma once

#include <string>
#include <vector>

#include "ranklens/data/dataset.h"

/// Which output of a network a label of the data means.
namespace ranklens::train {

/// Whether these are names at all: some, and not just "0", "1", "2", ..., which data and networks
/// without names carry.
bool has_names(const std::vector<std::string>& classes);

/// Whether every class that the data's images have is the name of exactly one output.
bool all_among(const data::Dataset& data, const std::vector<std::string>& outputs);

/// The data with `outputs` for classes, and each label at the place of its class's name there; hash
/// and all, as if the data had been read so. Where either side has no names a label is a place
/// already, and the data come back as they are. An Error for a class that images have and that is
/// the name of no output, or of several.
data::Dataset with_classes(const data::Dataset& data, const std::vector<std::string>& outputs);

}  // namespace ranklens::train
