#pragma once

#include <map>
#include <string>
#include <vector>

namespace ranklens::train {

/// What computed something: values by key, in the order in which they came; several where work that
/// was begun with one went on with another.
using Provenance = std::map<std::string, std::vector<std::string>>;

/// This process: "ranklens" and "libtorch" (versions), "processor", "instructions", "threads",
/// "matrix products" and, of training alone, "convolutions" (kernels).
Provenance provenance_here();

/// Adds the values that are not there yet.
void add(Provenance& provenance, const Provenance& more);

}  // namespace ranklens::train
