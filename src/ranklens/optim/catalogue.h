#pragma once

#include <string>
#include <vector>

namespace ranklens::optim {

/// An optimiser as a list tells of it.
struct CatalogueEntry {
  std::string name;
  std::string moves;    ///< "any tensors", "low rank", "trains"
  std::string summary;  ///< a line
  std::string source;   ///< may be empty
  std::string spec;     ///< with all options at their defaults, as make_optimiser() reads it
  std::vector<std::string> more;  ///< options beside these, some only with others
};

/// Every optimiser that make_optimiser() knows.
std::vector<CatalogueEntry> optimiser_catalogue();

}  // namespace ranklens::optim
