#pragma once

#include <string>

#include "ranklens/nn/weight.h"
#include "ranklens/tn/diagram/document.h"

namespace ranklens::nn {

/// A weight in factors as a tensor diagram in text (docs/diagrams.md): a train as a chain of cores
/// with outputs above and inputs below, its window core, if any, at the left; low rank and Tucker-2
/// as a chain from outputs to inputs; CP as factors around a copy tensor. Empty for a dense weight.
std::string diagram_text(const Weight& weight);

/// The same, parsed and ready to be drawn as `name`, with sizes at its legs. Error for a dense
/// weight.
tn::diagram::Document weight_diagram(const std::string& name, const Weight& weight);

}  // namespace ranklens::nn
