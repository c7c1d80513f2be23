#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ranklens/explain/attribution.h"
#include "ranklens/nn/network.h"

/// Every method by its name, for the command line and the study.
namespace ranklens::explain {

struct Request {
  const nn::Network* network = nullptr;  ///< the controls need none
  at::Tensor images{};                   ///< [N,C,H,W]
  at::Tensor targets{};                  ///< [N] int64
  std::uint64_t seed = 0;
  /// Place of the first image in its data set: noise belongs to an image, however it is batched.
  std::uint64_t first_image = 0;
  Execution execution{};
};

struct Method {
  std::string_view name;
  std::string_view summary;  ///< one line for people
  std::string_view source;
  bool needs_network = true;
  std::vector<std::string_view> presets{};  ///< the first is the default
  std::vector<std::string> options{};       ///< keys that a spec may give beside "preset"
};

/// In the order in which they are listed to users.
const std::vector<Method>& methods();

/// Error with the nearest names for an unknown one.
const Method& find_method(std::string_view name);

/// Runs a method given in the one-line notation: "gradcam", "gradcam(layer=relu4,preset=captum)",
/// "smoothgrad(samples=20,average=abs)". The preset is taken first, other keys change it. Errors:
/// an unknown method, preset or key, a value out of range, a network or images that are missing or
/// do not fit.
Attribution attribute(std::string_view spec, const Request& request);

/// "gradcam(layer=x)" of "untrained(gradcam(layer=x))", which runs a method on a copy of the
/// network with weights drawn anew from the seed (nn::untrained); "gradcam" of "untrained"; nothing
/// for other specs. Error if what stands there needs no network.
std::optional<std::string> untrained_of(std::string_view spec);

/// Throws what attribute() would for the spec alone: a method, preset, key or layer that does not
/// exist, a value out of range. Computes nothing.
void check_spec(std::string_view spec, const nn::Network& network);

/// "gradcam,smoothgrad(samples=20,sigma=0.1)" to its parts: commas inside parentheses do not split.
std::vector<std::string> split_specs(std::string_view text);

}  // namespace ranklens::explain
