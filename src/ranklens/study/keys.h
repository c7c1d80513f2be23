#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// The names that a cell keeps its scores under, and what they say.
namespace ranklens::study {

/// "smoothgrad(samples=20)" -> "smoothgrad": that method's maps of the trained network.
std::string method_name(std::string_view spec);

/// "gradcam untrained": the method's maps of the network before its training.
std::string untrained_key(std::string_view method);
/// "gradcam" for "gradcam untrained"; nothing for other keys.
std::optional<std::string_view> untrained_method(std::string_view key);

/// "gradcam~smoothgrad": how two methods' maps of the same images agree.
std::string pair_key(std::string_view first, std::string_view second);
/// The two methods of such a key; nothing for other keys.
std::optional<std::pair<std::string_view, std::string_view>> pair_methods(std::string_view key);

}  // namespace ranklens::study
