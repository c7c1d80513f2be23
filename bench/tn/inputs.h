#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include <ATen/core/Tensor.h>

#include "ranklens/base/npy.h"

// What bench/peers/side_by_side.py gives to both sides, and what ours gives back: files NAME.npy in
// $RANKLENS_BENCH_INPUTS. Without it benchmarks make their inputs themselves.
namespace inputs {

inline std::filesystem::path folder() {
  const char* place = std::getenv("RANKLENS_BENCH_INPUTS");
  return place == nullptr ? std::filesystem::path() : std::filesystem::path(place);
}

inline bool given(const std::string& name) {
  return !folder().empty() && std::filesystem::exists(folder() / (name + ".npy"));
}

inline at::Tensor read(const std::string& name) {
  return ranklens::base::read_npy(folder() / (name + ".npy"));
}

/// The input of that name, else what `make` makes.
template <class Make>
at::Tensor given_or(const std::string& name, const Make& make) {
  return given(name) ? read(name) : make();
}

inline void give_back(const std::string& name, const at::Tensor& result) {
  if (!folder().empty()) ranklens::base::write_npy(folder() / (name + ".npy"), result);
}

}  // namespace inputs
