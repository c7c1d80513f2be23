#pragma once

#include <string_view>

#include "ranklens/tn/diagram/document.h"

namespace ranklens::tn::diagram {

/// Finds the sizes of all legs and checks that the document makes sense: every name is declared
/// once, every leg joins two places or is open, sizes agree, each kind has the legs it needs, the
/// terms of a sum have the same open legs. Fills what document.h says that it fills. Error with
/// line and column.
void check(Document& document, std::string_view what);

}  // namespace ranklens::tn::diagram
