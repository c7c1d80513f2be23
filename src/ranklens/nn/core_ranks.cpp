#include "ranklens/nn/core_ranks.h"

#include "ranklens/base/text.h"

namespace ranklens::nn {
namespace {

bool names_a_core(std::string_view name) {
  constexpr std::string_view middle = ".core.";
  const auto place = name.rfind(middle);
  return place != std::string_view::npos &&
         base::parse_number<std::size_t>(name.substr(place + middle.size())).has_value();
}

}  // namespace

bool same_but_for_ranks(std::string_view name, const Shape& found, const Shape& expected) {
  if (found == expected) return true;
  return names_a_core(name) && found.size() == 3 && expected.size() == 3 && found[1] == expected[1];
}

}  // namespace ranklens::nn
