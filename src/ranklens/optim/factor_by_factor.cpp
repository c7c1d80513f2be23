#include "ranklens/optim/factor_by_factor.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ranklens/base/text.h"
#include "ranklens/optim/low_rank/methods.h"
#include "ranklens/optim/tensor_train/layers.h"
#include "ranklens/optim/tensor_train/methods.h"
#include "ranklens/optim/tensor_train/recanonical.h"

namespace ranklens::optim {
namespace {

std::string_view name_of(std::string_view optimiser) {
  return base::trim(optimiser.substr(0, std::min(optimiser.find('('), optimiser.size())));
}

/// Whether an optimiser moves a weight as what it stands for.
bool moves_as_one(std::string_view optimiser, const nn::Weight& weight) {
  if (moves_whole(optimiser, weight)) return true;
  const auto kind = weight->kind();
  return (kind == "tt" || kind == "tt_conv") && is_train_method(optimiser);
}

/// Methods that have nothing to do with weights of other formats refuse a network of these alone.
bool has_work(const nn::State& state, std::string_view method) {
  const bool for_trains = is_train_method(method) || method == kRecanonicalAdam;
  if (!is_low_rank_method(method) && !for_trains) return true;
  if (for_trains && !train_layers(state).empty()) return true;
  const auto names = state.names();
  return std::any_of(names.begin(), names.end(), [&](const auto& name) {
    const auto& entry = state.at(name);
    return !entry.buffer && entry.trainable && !entry.weight.is_dense() &&
           moves_as_one(method, entry.weight);
  });
}

}  // namespace

std::vector<std::string> factor_by_factor(const nn::State& state, std::string_view optimiser) {
  std::vector<std::string> found;
  if (!is_train_method(name_of(optimiser))) {
    for (const auto& layer : train_layers(state))
      if (is_product_state(layer)) found.push_back(layer.name);
  }
  for (const auto& name : state.names()) {
    const auto& entry = state.at(name);
    if (entry.buffer || !entry.trainable || entry.weight.is_dense()) continue;
    if (!moves_as_one(name_of(optimiser), entry.weight)) found.push_back(name);
  }
  return found;
}

std::string factor_note(const nn::State& state, std::string_view optimiser) {
  const auto names = factor_by_factor(state, optimiser);
  if (names.empty() || !has_work(state, name_of(optimiser))) return "";
  std::set<std::string_view> kinds;
  for (const auto& name : names)
    kinds.insert(state.contains(name) ? state.at(name).weight->kind() : "tt");
  std::string remedy;
  if (kinds.contains("low_rank") || kinds.contains("tucker")) {
    remedy = "; bug(tau=0.1) moves weights of low rank and of Tucker form as a whole";
  }
  if (kinds.contains("tt") || kinds.contains("tt_conv")) {
    remedy += "; riemannian_adam moves tensor trains as a whole";
  }
  constexpr std::size_t kShown = 3;
  const auto shown = std::min(names.size(), kShown);
  const std::vector<std::string> first(names.begin(),
                                       names.begin() + static_cast<std::ptrdiff_t>(shown));
  const auto more = names.size() > shown ? fmt::format(" and {} more", names.size() - shown) : "";
  return fmt::format(
      "{} moves the factors of '{}'{} one by one, in steps that depend on how the weight is split "
      "among them{}",
      name_of(optimiser), fmt::join(first, "', '"), more, remedy);
}

}  // namespace ranklens::optim
