#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ranklens/tn/diagram/document.h"

namespace ranklens::tn::diagram {

/// Gives every leg of a diagram its size: what is written first, then what the tensors of known
/// kind say about legs of each other. Error with line and column where sizes disagree or stay
/// unknown; `what` names the text.
void find_sizes(const Document& document, Diagram& diagram, std::string_view what);

/// Throws the Error for a leg whose size is `here` at this place, and was `elsewhere` before.
[[noreturn]] void fail_disagreement(std::string_view what, const Leg& leg, std::int64_t elsewhere,
                                    std::int64_t here);

/// The product of sizes[from] to sizes[to - 1]; the largest number where it is beyond.
std::int64_t product_of_sizes(const std::vector<std::int64_t>& sizes, std::size_t from,
                              std::size_t to);

}  // namespace ranklens::tn::diagram
