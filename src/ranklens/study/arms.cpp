#include "ranklens/study/arms.h"

#include "ranklens/base/error.h"
#include "ranklens/base/text.h"
#include "ranklens/nn/layer_rules.h"
#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/study/config.h"

namespace ranklens::study {
namespace {

const std::vector<Arm>& table() {
  static const std::vector<Arm> all{
      {.name = "dense", .label = "dense", .network = "cnn-dense"},
      {.name = "tt-matched", .label = "TT (same shape)", .network = "cnn-tt-matched"},
      {.name = "low-rank", .label = "low rank", .network = "cnn-low-rank"},
      {.name = "tt", .label = "TT (published head)", .network = "cnn-tt"},
      {.name = "tt-trunk", .label = "TT trunk", .network = "cnn-tt-trunk"},
  };
  return all;
}

const Arm* known(const std::string& name) {
  for (const auto& candidate : table())
    if (candidate.name == name) return &candidate;
  return nullptr;
}

/// Takes what lies behind the first `mark` off the end of `text`; empty where there is none.
std::string taken_behind(std::string_view& text, std::string_view mark) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return {};
  const std::string behind(base::trim(text.substr(at + mark.size())));
  text = text.substr(0, at);
  return behind;
}

/// Names become names of files.
bool is_plain(const std::string& name) {
  return !name.empty() && name.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
                              "XYZ0123456789-._") == std::string::npos;
}

}  // namespace

std::vector<Arm> arms() { return table(); }

Arm read_recipe(std::string_view text) {
  const auto whole = base::trim(text);
  auto rest = whole;
  const auto equals = rest.find('=');
  base::require(equals != std::string_view::npos,
                "the recipe '{}' is not of the form NAME = NETWORK @ OPTIMISER with LAYERS", whole);
  Arm made;
  made.name = base::trim(rest.substr(0, equals));
  made.recipe = true;
  base::require(is_plain(made.name),
                "an arm's name has letters, digits, '-', '.' and '_', not '{}' (recipe '{}')",
                made.name, whole);
  base::require(known(made.name) == nullptr,
                "every study knows an arm '{}': give the recipe '{}' another name", made.name,
                whole);
  rest = rest.substr(equals + 1);
  made.layers = taken_behind(rest, " with ");
  made.optimiser = taken_behind(rest, "@");
  made.network = base::trim(rest);
  if (const auto* arm = known(made.network)) made.network = arm->network;
  made.label = made.name;
  if (!nn::zoo::contains(made.network)) {
    std::vector<std::string> names;
    for (const auto& one : nn::zoo::list()) names.push_back(one.name);
    for (const auto& one : table()) names.push_back(one.name);
    base::fail("the recipe '{}' names no network '{}'{}", whole, made.network,
               base::nearest_hint(made.network, names));
  }
  if (!made.optimiser.empty()) optim::make_optimiser(made.optimiser);
  if (!made.layers.empty()) nn::parse_layer_rules(made.layers);
  return made;
}

std::string recipe_text(const Arm& arm) {
  auto text = arm.network;
  if (!arm.optimiser.empty()) text += " @ " + arm.optimiser;
  if (!arm.layers.empty()) text += " with " + arm.layers;
  return text;
}

Arm arm(const Config& config, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& text : config.recipes) {
    auto own = read_recipe(text);
    if (own.name == name) return own;
    names.push_back(own.name);
  }
  if (const auto* found = known(name)) return *found;
  for (const auto& candidate : table()) names.push_back(candidate.name);
  base::fail("no arm is called '{}'{}", name, base::nearest_hint(name, names));
}

std::string optimiser_of(const Config& config, const std::string& name) {
  const auto own = arm(config, name).optimiser;
  return own.empty() ? config.optimiser : own;
}

std::string arm_label(const std::string& name) {
  const auto* found = known(name);
  return found == nullptr ? name : found->label;
}

nn::Network build(const Arm& arm, const Config& config, const data::Dataset& data,
                  std::uint64_t seed) {
  const bool sized = nn::zoo::has_width(arm.network), drops = nn::zoo::has_dropout(arm.network);
  return nn::zoo::make(arm.network, {.channels = data.channels(),
                                     .size = data.height(),
                                     .classes = static_cast<std::int64_t>(data.classes.size()),
                                     .width = sized ? config.width : 0,
                                     .hidden = {},
                                     .head = {},
                                     .layers = arm.layers,
                                     .dropout = drops ? config.dropout : 1,
                                     .seed = seed});
}

}  // namespace ranklens::study
