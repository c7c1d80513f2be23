#include "ranklens/nn/weight_spec.h"

#include <algorithm>
#include <string>

#include <c10/util/accumulate.h>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/base/spec.h"
#include "ranklens/base/text.h"

namespace ranklens::nn {
namespace {

/// "r=16x8x8" -> {16, 8, 8}; no sizes where the key is not given.
Shape sizes_of(base::SpecReader& reader, std::string_view key, std::string_view whole) {
  Shape sizes;
  if (!reader.has(key)) return sizes;
  const std::string text = reader.text(key, "");
  std::string_view rest = text;
  while (true) {
    const auto end = std::min(rest.find('x'), rest.size());
    const auto piece = base::trim(rest.substr(0, end));
    const auto value = base::parse_number<std::int64_t>(piece);
    base::require(value && *value >= 1,
                  "'{}' in the weight spec '{}' is not a positive whole number", piece, whole);
    sizes.push_back(*value);
    if (end == rest.size()) return sizes;
    rest.remove_prefix(end + 1);
  }
}

WeightSpec::Format format_of(const std::string& name) {
  if (name == "dense") return WeightSpec::Format::dense;
  if (name == "low_rank") return WeightSpec::Format::low_rank;
  if (name == "tt") return WeightSpec::Format::tt;
  if (name == "tucker") return WeightSpec::Format::tucker;
  if (name == "cp") return WeightSpec::Format::cp;
  base::fail("no weight format is called '{}'{}", name,
             base::nearest_hint(name, {"dense", "low_rank", "tt", "tucker", "cp"}));
}

std::string_view name_of(WeightSpec::Format format) {
  switch (format) {
    case WeightSpec::Format::dense:
      return "dense";
    case WeightSpec::Format::low_rank:
      return "low_rank";
    case WeightSpec::Format::tt:
      return "tt";
    case WeightSpec::Format::tucker:
      return "tucker";
    case WeightSpec::Format::cp:
      return "cp";
  }
  return "";
}

}  // namespace

WeightSpec parse_weight_spec(std::string_view text) {
  base::SpecReader reader(text, "weight spec");
  WeightSpec spec;
  spec.format = format_of(reader.name());
  if (spec.format == WeightSpec::Format::tt) {
    spec.out = sizes_of(reader, "out", text);
    spec.in = sizes_of(reader, "in", text);
  }
  if (!spec.is_dense()) {
    spec.ranks = sizes_of(reader, "r", text);
    if (reader.has("eps")) spec.eps = reader.number("eps", 0, 0, 1);
    base::require(!spec.eps || *spec.eps < 1, "eps in the weight spec '{}' must be below 1", text);
    if (reader.has("ratio")) spec.ratio = reader.number("ratio", 1, 0, 1);
    base::require(!spec.ratio || (*spec.ratio > 0 && *spec.ratio < 1),
                  "the ratio in the weight spec '{}' must be between 0 and 1", text);
  }
  reader.finish();
  base::require(spec.is_dense() || !spec.ranks.empty() || spec.eps || spec.ratio,
                "the weight spec '{}' needs a rank, a tolerance or a ratio, e.g. low_rank(r=20), "
                "low_rank(eps=0.01) or low_rank(ratio=0.25)",
                text);
  base::require(!spec.ratio || (spec.ranks.empty() && !spec.eps),
                "the weight spec '{}' has a ratio, which chooses the ranks, beside a rank or a "
                "tolerance",
                text);
  return spec;
}

bool has_window_core(const WeightSpec& spec, const Shape& shape) {
  return spec.format == WeightSpec::Format::tt && shape.size() == 4 && shape[2] * shape[3] > 1 &&
         c10::multiply_integers(spec.out) == shape[0] &&
         c10::multiply_integers(spec.in) == shape[1];
}

std::string to_string(const WeightSpec& spec) {
  if (spec.is_dense()) return "dense";
  std::string text = fmt::format("{}(", name_of(spec.format));
  if (!spec.out.empty())
    text += fmt::format("out={},in={},", fmt::join(spec.out, "x"), fmt::join(spec.in, "x"));
  if (!spec.ranks.empty()) text += fmt::format("r={},", fmt::join(spec.ranks, "x"));
  if (spec.eps) text += fmt::format("eps={},", *spec.eps);
  if (spec.ratio) text += fmt::format("ratio={},", *spec.ratio);
  text.back() = ')';
  return text;
}

}  // namespace ranklens::nn
