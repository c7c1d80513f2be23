#pragma once

#include <map>
#include <string>
#include <vector>

#include <c10/core/Device.h>

namespace ranklens::train {

/// What computed something: values by key, in the order in which they came; several where work that
/// was begun with one went on with another.
using Provenance = std::map<std::string, std::vector<std::string>>;

/// This process, computing on `device`: "ranklens" (version, commit), "libtorch", "processor",
/// "instructions", "threads", "matrix products" and, of training alone, "convolutions" (kernels)
/// and "kept states" (what a layer in factors may hold between the passes), "device".
Provenance provenance_here(c10::Device device = c10::kCPU);

/// Adds the values that are not there yet.
void add(Provenance& provenance, const Provenance& more);

}  // namespace ranklens::train
