#include "ranklens/nn/zoo/efficientnet_import.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "ranklens/base/error.h"
#include "ranklens/nn/zoo/zoo.h"

namespace ranklens::nn::zoo {
namespace {

using Renaming = std::pair<std::string_view, std::string_view>;

constexpr std::array<Renaming, 5> outside{{{"_conv_stem.", "stem.conv."},
                                           {"_bn0.", "stem.bn."},
                                           {"_conv_head.", "head.conv."},
                                           {"_bn1.", "head.bn."},
                                           {"_fc.", "classifier."}}};
constexpr std::array<Renaming, 6> in_block{{{"_expand_conv.", "expand.conv."},
                                            {"_bn0.", "expand.bn."},
                                            {"_depthwise_conv.", "depthwise.conv."},
                                            {"_bn1.", "depthwise.bn."},
                                            {"_project_conv.", "project.conv."},
                                            {"_bn2.", "project.bn."}}};

template <std::size_t N>
std::string renamed(std::string_view name, const std::array<Renaming, N>& table,
                    const std::string& whole) {
  const auto rule = std::find_if(table.begin(), table.end(),
                                 [&](const Renaming& r) { return name.starts_with(r.first); });
  base::require(rule != table.end(), "'{}' is no tensor of EfficientNet-Lite0", whole);
  return std::string(rule->second) + std::string(name.substr(rule->first.size()));
}

}  // namespace

std::string efficientnet_lite0_name(const std::string& published) {
  constexpr std::string_view blocks = "_blocks.";
  if (!published.starts_with(blocks)) return renamed(published, outside, published);
  const auto dot = published.find('.', blocks.size());
  base::require(dot != std::string::npos, "'{}' is no tensor of EfficientNet-Lite0", published);
  const auto number = published.substr(blocks.size(), dot - blocks.size());
  const auto rest = std::string_view(published).substr(dot + 1);
  return "blocks." + number + "." + renamed(rest, in_block, published);
}

Network efficientnet_lite0_from(const StateDict& published) {
  StateDict named;
  for (const auto& [name, tensor] : published) named[efficientnet_lite0_name(name)] = tensor;
  const auto classes = named.find("classifier.bias");
  base::require(classes != named.end() && classes->second.dim() == 1,
                "the state dict has no '_fc.bias'");
  return with_state_dict(efficientnet_lite0({.classes = classes->second.size(0)}), named);
}

}  // namespace ranklens::nn::zoo
