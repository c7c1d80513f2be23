#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ranklens/tn/diagram/document.h"

/// The words of the language of diagrams (docs/diagrams.md).
namespace ranklens::tn::diagram {

/// What a word at the beginning of a statement declares: "isometry".
std::optional<Kind> declared_kind(std::string_view word);
/// A tensor that needs no declaration: "copy".
std::optional<Kind> built_in_kind(std::string_view word);
std::optional<Arrangement> arrangement_of(std::string_view word);
std::optional<Side> side_of(std::string_view word);

/// Whether a tensor cannot have this name.
bool reserved(std::string_view word);

/// What a statement may begin with.
std::vector<std::string> statement_words();
std::vector<std::string> built_in_words();
std::vector<std::string> arrangement_words();

}  // namespace ranklens::tn::diagram
