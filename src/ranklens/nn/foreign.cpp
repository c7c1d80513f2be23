#include "ranklens/nn/foreign.h"

#include <vector>

#include <ATen/ops/zeros.h>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/safetensors.h"
#include "ranklens/base/torch_archive.h"

namespace ranklens::nn {
namespace {

constexpr std::string_view kCounter = "num_batches_tracked";
constexpr std::string_view kParallel = "module.";

bool is_counter(std::string_view name) {
  return name == kCounter || name.ends_with(".num_batches_tracked");
}

// "module.conv1.weight" -> "conv1.weight", if every name begins so.
StateDict without_prefix(const StateDict& tensors) {
  StateDict plain;
  for (const auto& [name, tensor] : tensors) {
    if (!name.starts_with(kParallel)) return tensors;
    plain.emplace(name.substr(kParallel.size()), tensor);
  }
  return plain;
}

// "'a', 'b' and 7 more"
std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t most = 3;
  const auto shown = std::min(names.size(), most);
  auto text = fmt::format(
      "'{}'", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), "', '"));
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

at::Tensor fitted(const NamedTensor& own, const at::Tensor& given) {
  base::require(given.sizes() == own.tensor.sizes(),
                "the tensor '{}' has the shape ({}), but this network needs ({})", own.name,
                fmt::join(given.sizes(), ", "), fmt::join(own.tensor.sizes(), ", "));
  base::require(!given.is_complex(), "the tensor '{}' is complex", own.name);
  return given.detach().to(own.tensor.device(), own.tensor.scalar_type()).clone();
}

}  // namespace

StateDict read_state_dict_file(const std::filesystem::path& path) {
  std::string start;
  {
    const base::InputFile file(path);
    start = file.read(0, std::min<std::uint64_t>(file.size(), 9));
  }
  // A safetensors file begins with the length of its JSON header; the others with their own marks.
  if (start.size() == 9 && start[8] == '{') return base::read_safetensors(path).tensors;
  return base::read_state_dict(path);
}

void write_state_dict_file(const std::filesystem::path& path, const StateDict& tensors) {
  const auto extension = path.extension().string();
  if (extension == ".safetensors") {
    base::write_safetensors(path, {.tensors = tensors, .metadata = {{"format", "pt"}}});
  } else if (extension == ".pth" || extension == ".pt") {
    base::write_state_dict(path, tensors);
  } else {
    base::fail("'{}': a state dict is written as .safetensors, .pth or .pt", path.string());
  }
}

Network with_state_dict(const Network& network, const StateDict& tensors) {
  auto given = without_prefix(tensors);
  Network loaded = network;
  std::vector<std::string> missing;
  for (const auto& own : network.state.tensors()) {
    const auto found = given.find(own.name);
    if (found == given.end()) {
      missing.push_back(own.name);
      continue;
    }
    loaded.state.set_tensor(own.name, fitted(own, found->second));
    given.erase(found);
  }
  std::erase_if(given, [](const auto& item) { return is_counter(item.first); });
  std::vector<std::string> unknown;
  for (const auto& [name, tensor] : given) unknown.push_back(name);
  base::require(missing.empty(), "the state dict lacks {}{}", listed(missing),
                unknown.empty() ? "" : "; it has " + listed(unknown) + " instead");
  base::require(unknown.empty(), "the state dict has {}, which this network does not",
                listed(unknown));
  return loaded;
}

StateDict state_dict(const Network& network, bool factors) {
  StateDict tensors;
  const auto& state = network.state;
  for (const auto& name : state.names()) {
    const auto& weight = state.at(name).weight;
    if (!factors) {
      tensors[name] = weight->dense().detach();
    } else {
      for (const auto& factor : weight->factors()) {
        tensors[factor_name(name, factor.name)] = factor.tensor.detach();
      }
    }
  }
  for (const auto& node : network.graph.nodes()) {
    const auto mean = node.weights.find("running_mean");
    if (mean == node.weights.end() || !mean->second.ends_with(".running_mean")) continue;
    const auto owner =
        mean->second.substr(0, mean->second.size() - std::string_view("running_mean").size());
    tensors[owner + std::string(kCounter)] = at::zeros({}, at::TensorOptions().dtype(at::kLong));
  }
  return tensors;
}

}  // namespace ranklens::nn
