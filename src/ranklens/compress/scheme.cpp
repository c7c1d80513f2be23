#include "ranklens/compress/scheme.h"

#include <utility>

#include "ranklens/base/error.h"
#include "ranklens/base/spec.h"
#include "ranklens/base/text.h"

namespace ranklens::compress {
namespace {

Scheme parse_auto(std::string_view text) {
  base::SpecReader reader(text, "compression scheme");
  base::require(reader.has("ratio"), "the scheme 'auto' needs a ratio, e.g. auto(ratio=0.25)");
  const double ratio = reader.number("ratio", 1, 0, 1);
  reader.finish();
  base::require(ratio > 0 && ratio < 1, "the ratio of the scheme '{}' must be between 0 and 1",
                text);
  return {.rules = {}, .ratio = ratio};
}

}  // namespace

Scheme parse_scheme(std::string_view text) {
  auto whole = base::trim(text);
  while (whole.ends_with(';')) whole = base::trim(whole.substr(0, whole.size() - 1));
  if (whole.starts_with("auto") && whole.find(':') == whole.npos) {
    return parse_auto(whole);
  }
  auto rules = nn::parse_layer_rules(whole);
  base::require(!rules.empty(), "the compression scheme is empty");
  return {.rules = std::move(rules), .ratio = {}};
}

}  // namespace ranklens::compress
