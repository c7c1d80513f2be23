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

void resolve_low_rank(WeightSpec& spec, const Shape& shape) {
  const auto most = std::min(shape[0], c10::multiply_integers(shape) / shape[0]);
  base::require(spec.ranks.size() == 1, "low_rank needs one rank: low_rank(r=20)");
  base::require(spec.ranks[0] <= most,
                "rank {} is above {}, the most that a weight of shape {} can have", spec.ranks[0],
                most, fmt::join(shape, "x"));
}

void resolve_tucker(WeightSpec& spec, const Shape& shape) {
  if (spec.ranks.size() == 1) spec.ranks.push_back(spec.ranks[0]);
  base::require(spec.ranks.size() == 2,
                "tucker needs two ranks, of outputs and inputs: tucker(r=32x32)");
  spec.ranks = {std::min(spec.ranks[0], shape[0]), std::min(spec.ranks[1], shape[1])};
}

void resolve_cp(const WeightSpec& spec, const Shape& shape) {
  base::require(spec.ranks.size() == 1, "cp needs one rank: cp(r=48)");
  base::require(shape.size() == 2 || shape.size() == 4,
                "only a matrix or the kernel of a convolution has a CP form here");
}

void resolve_tt_conv(WeightSpec& spec, const Shape& shape) {
  const auto d = spec.out.size();
  if (spec.ranks.size() == 1) spec.ranks.assign(d, spec.ranks[0]);
  base::require(spec.ranks.size() == d, "a train of a window and {} cores has {} ranks, not {}", d,
                d, spec.ranks.size());
  std::int64_t left = shape[2] * shape[3], whole = c10::multiply_integers(shape);
  for (std::size_t k = 0; k < d; ++k) {
    spec.ranks[k] = std::min({spec.ranks[k], left, whole / left});
    left *= spec.out[k] * spec.in[k];
  }
}

void resolve_tt(WeightSpec& spec, const Shape& shape) {
  const auto d = spec.out.size();
  base::require(d >= 1 && spec.in.size() == d,
                "tt needs as many output modes as input modes, not {} and {}", d, spec.in.size());
  if (has_window_core(spec, shape)) return resolve_tt_conv(spec, shape);
  base::require(c10::multiply_integers(spec.out) == shape[0] &&
                    c10::multiply_integers(spec.in) == c10::multiply_integers(shape) / shape[0],
                "tt modes out={} and in={} do not give a weight of {} outputs and {} inputs",
                fmt::join(spec.out, "x"), fmt::join(spec.in, "x"), shape[0],
                c10::multiply_integers(shape) / shape[0]);
  if (spec.ranks.size() == 1) spec.ranks.assign(d - 1, spec.ranks[0]);
  base::require(spec.ranks.size() == d - 1, "a tt of {} cores has {} ranks, not {}", d, d - 1,
                spec.ranks.size());
  std::int64_t left = 1, whole = c10::multiply_integers(shape);
  for (std::size_t k = 0; k + 1 < d; ++k) {
    left *= spec.out[k] * spec.in[k];
    spec.ranks[k] = std::min({spec.ranks[k], left, whole / left});
  }
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
  }
  reader.finish();
  base::require(spec.is_dense() || !spec.ranks.empty() || spec.eps,
                "the weight spec '{}' needs a rank or a tolerance, e.g. low_rank(r=20) or "
                "low_rank(eps=0.01)",
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
  text.back() = ')';
  return text;
}

WeightSpec resolve(WeightSpec spec, const Shape& shape) {
  if (spec.is_dense()) return spec;
  base::require(shape.size() >= 2, "only a weight of two or more dimensions can be stored as {}",
                to_string(spec));
  base::require(!spec.ranks.empty(), "a fresh weight needs a rank, not only a tolerance: '{}'",
                to_string(spec));
  if (spec.format == WeightSpec::Format::low_rank) resolve_low_rank(spec, shape);
  if (spec.format == WeightSpec::Format::tt) resolve_tt(spec, shape);
  if (spec.format == WeightSpec::Format::tucker) resolve_tucker(spec, shape);
  if (spec.format == WeightSpec::Format::cp) resolve_cp(spec, shape);
  return spec;
}

}  // namespace ranklens::nn
