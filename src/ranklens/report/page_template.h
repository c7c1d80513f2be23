#pragma once

#include <string_view>

namespace ranklens::report {

/// The page without its data, as `npm run build` made it in web/; empty in a build without it.
std::string_view page_template();

}  // namespace ranklens::report
