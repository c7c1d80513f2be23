#include "ranklens/nn/weight_spec.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include <c10/util/accumulate.h>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"

namespace ranklens::nn {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// "16x8x8" -> {16, 8, 8}.
Shape parse_sizes(std::string_view text, std::string_view whole) {
  Shape sizes;
  while (true) {
    const auto end = std::min(text.find('x'), text.size());
    const auto piece = trim(text.substr(0, end));
    std::int64_t value = 0;
    const auto [stop, error] = std::from_chars(piece.data(), piece.data() + piece.size(), value);
    base::require(error == std::errc() && stop == piece.data() + piece.size() && value >= 1,
                  "'{}' in the weight spec '{}' is not a positive whole number", piece, whole);
    sizes.push_back(value);
    if (end == text.size()) return sizes;
    text.remove_prefix(end + 1);
  }
}

double parse_eps(std::string_view text, std::string_view whole) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  base::require(
      error == std::errc() && stop == text.data() + text.size() && value >= 0 && value < 1,
      "eps in the weight spec '{}' must be a number from 0 to below 1", whole);
  return value;
}

std::map<std::string, std::string_view> parse_arguments(std::string_view text,
                                                        std::string_view whole) {
  std::map<std::string, std::string_view> arguments;
  while (!trim(text).empty()) {
    const auto end = std::min(text.find(','), text.size());
    const auto piece = trim(text.substr(0, end));
    const auto equals = piece.find('=');
    base::require(equals != std::string_view::npos,
                  "'{}' in the weight spec '{}' is not of the form key=value", piece, whole);
    const std::string key(trim(piece.substr(0, equals)));
    base::require(!arguments.contains(key), "the weight spec '{}' gives {} twice", whole, key);
    arguments[key] = trim(piece.substr(equals + 1));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return arguments;
}

void resolve_low_rank(WeightSpec& spec, const Shape& shape) {
  const auto most = std::min(shape[0], c10::multiply_integers(shape) / shape[0]);
  base::require(spec.ranks.size() == 1, "low_rank needs one rank: low_rank(r=20)");
  base::require(spec.ranks[0] <= most,
                "rank {} is above {}, the most that a weight of shape {} can have", spec.ranks[0],
                most, fmt::join(shape, "x"));
}

void resolve_tt(WeightSpec& spec, const Shape& shape) {
  const auto d = spec.out.size();
  base::require(d >= 1 && spec.in.size() == d,
                "tt needs as many output modes as input modes, not {} and {}", d, spec.in.size());
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
  const auto whole = trim(text);
  const auto open = std::min(whole.find('('), whole.size());
  const std::string name(trim(whole.substr(0, open)));
  WeightSpec spec;
  if (name == "dense") {
    spec.format = WeightSpec::Format::dense;
  } else if (name == "low_rank") {
    spec.format = WeightSpec::Format::low_rank;
  } else if (name == "tt") {
    spec.format = WeightSpec::Format::tt;
  } else {
    base::fail("no weight format is called '{}'{}", name,
               base::nearest_hint(name, {"dense", "low_rank", "tt"}));
  }
  if (open == whole.size()) {
    base::require(spec.is_dense(), "the weight spec '{}' lacks its options, e.g. low_rank(r=20)",
                  whole);
    return spec;
  }
  base::require(whole.back() == ')', "the weight spec '{}' lacks its closing parenthesis", whole);
  for (const auto& [key, value] :
       parse_arguments(whole.substr(open + 1, whole.size() - open - 2), whole)) {
    const bool tt = spec.format == WeightSpec::Format::tt;
    if (key == "r" && !spec.is_dense()) {
      spec.ranks = parse_sizes(value, whole);
    } else if (key == "eps" && !spec.is_dense()) {
      spec.eps = parse_eps(value, whole);
    } else if (key == "out" && tt) {
      spec.out = parse_sizes(value, whole);
    } else if (key == "in" && tt) {
      spec.in = parse_sizes(value, whole);
    } else {
      base::fail("the weight spec '{}' has no option '{}'", whole, key);
    }
  }
  base::require(spec.is_dense() || !spec.ranks.empty() || spec.eps,
                "the weight spec '{}' needs a rank (r=...) or a tolerance (eps=...)", whole);
  return spec;
}

std::string to_string(const WeightSpec& spec) {
  if (spec.is_dense()) return "dense";
  std::string text = spec.format == WeightSpec::Format::tt ? "tt(" : "low_rank(";
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
  return spec;
}

}  // namespace ranklens::nn
