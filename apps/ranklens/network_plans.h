#pragma once

#include <string>
#include <vector>

#include "ranklens/nn/plans.h"

#include "common.h"
#include "model.h"

namespace ranklens::app {

/// What `info` says of weights in factors beyond its table of nodes.

Json plan_json(const std::vector<nn::LayerPlan>& plans);
std::string plan_text(const OpenedModel& opened, const std::vector<nn::LayerPlan>& plans,
                      std::int64_t batch);

/// Draws every weight in factors below each other; the list of layers with their diagrams in text.
/// Error where there is none, or for a file that is neither .svg nor .tikz.
Json draw_weights(const std::string& file, const OpenedModel& opened);

}  // namespace ranklens::app
