#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ranklens/optim/low_rank/truncate.h"

namespace ranklens::optim {

/// What layers of their own have instead of the common policy.
struct LayerRanks {
  std::string pattern = {};        ///< of the layer's name, with `*` and `?`
  std::optional<double> tau = {};  ///< held; none: the common one, with its schedule
  std::optional<std::int64_t> cap = {};
  std::optional<std::int64_t> floor = {};
};

/// How the policy changes on the way, and from layer to layer.
struct RankSchedule {
  /// tau moves from its own value to this one over so many steps, by equal factors; 0: it stays.
  double tau_end = 0;
  std::int64_t over = 0;
  /// Steps in which a budget comes down to its value, by equal factors; 0: it is that at once.
  std::int64_t budget_over = 0;
  /// After so many steps every weight keeps the rank that it has; 0: never.
  std::int64_t hold = 0;
  std::vector<LayerRanks> layers = {};
};

/// Reads "conv*:0.05;head:0.2:16;fc1::64;fc2:::4", patterns with tau, cap and floor, of which any
/// may be left out; the first that matches counts. Error for bad form.
std::vector<LayerRanks> parse_layer_ranks(std::string_view text);
std::string to_string(const std::vector<LayerRanks>& layers);

/// The policy of a weight ("conv1.weight") at a step, counted from 1.
RankPolicy policy_for(const RankPolicy& common, const RankSchedule& schedule,
                      std::string_view weight, std::int64_t step);

/// The bound at a step, counted from 1, on the numbers of weights that are to hold `budget` in the
/// end: from those of the same weights dense, by equal factors.
std::int64_t budget_for(std::int64_t budget, const RankSchedule& schedule, std::int64_t dense,
                        std::int64_t step);

/// An Error, naming the nearest layer, for a pattern that matches none of these weights.
void require_matched(const std::vector<LayerRanks>& layers, std::vector<std::string> weights);

/// Whether ranks stay as they are at a step.
bool is_held(const RankSchedule& schedule, std::int64_t step);

}  // namespace ranklens::optim
