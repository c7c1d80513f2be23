#pragma once

#include <string>
#include <string_view>

namespace ranklens::base {

/// Text with &, <, > and quotes as entities, for HTML and SVG.
std::string escape_html(std::string_view text);

}  // namespace ranklens::base
