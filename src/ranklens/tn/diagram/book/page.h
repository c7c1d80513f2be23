#pragma once

#include <string>
#include <vector>

#include "ranklens/tn/diagram/book/item.h"

namespace ranklens::tn::diagram::book {

/// An item and what its two evaluations gave.
struct Entry {
  Item item;
  Verified verified;
};

struct Chapter {
  std::string name, text;
  std::vector<Entry> entries;
};

/// All items, evaluated; with drawn tensor `number` of the item called `disturbed` another than the
/// second evaluation takes (disturbing()), which no item survives. Error for an item that there is
/// not, or a tensor that it does not draw.
std::vector<Chapter> evaluated(const std::vector<Group>& groups, std::uint64_t seed,
                               std::string_view disturbed = {}, std::size_t number = 0);

/// The whole book as one HTML page that needs nothing else: contents, search, all items with
/// drawing, formula, einsum, code and errors. Light and dark as the reader prefers.
std::string page(const std::vector<Chapter>& chapters, std::uint64_t seed);

/// A formula with "_{...}" and "^{...}" as HTML.
std::string formula_html(std::string_view formula);

}  // namespace ranklens::tn::diagram::book
