#pragma once

#include <string_view>

#include "ranklens/tn/diagram/document.h"

namespace ranklens::tn::diagram {

/// Reads a document: docs/diagrams.md has the grammar. `what` names the text in messages
/// ("'chain.tn'"). Legs and sizes are checked too (check.h). Error, with line and column, for
/// everything that is not as it should be.
Document parse(std::string_view text, std::string_view what);

}  // namespace ranklens::tn::diagram
