#pragma once

#include <string>
#include <string_view>

namespace ranklens::tn::diagram::book {

std::string_view page_style();
std::string_view page_script();
/// A row of drawings with what their shapes mean.
std::string legend();

}  // namespace ranklens::tn::diagram::book
