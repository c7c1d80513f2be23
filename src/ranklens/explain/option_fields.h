#pragma once

#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "ranklens/base/spec.h"
#include "ranklens/explain/attribution.h"
#include "ranklens/explain/grad_cam.h"
#include "ranklens/explain/integrated_gradients.h"
#include "ranklens/explain/saliency.h"
#include "ranklens/explain/smooth_grad.h"

/// The options of every method, listed once: read from the one-line notation
/// "smoothgrad(samples=20,average=abs)" and written into files.
namespace ranklens::explain {

inline constexpr double kUnbounded = std::numeric_limits<double>::max();
inline constexpr std::int64_t kMostSamples = 1'000'000;

template <class Fields>
void visit(Fields& fields, Finish& o) {
  fields.flag("absolute", o.absolute);
  fields.choice("channel", o.channels, kChannelsNames, "way to reduce channels");
  fields.number("clip", o.clip_percentile, 1e-9, 100);
  fields.flag("scale", o.scale);
}

template <class Fields>
void visit(Fields& fields, GradCam& o) {
  fields.text("layer", o.layer);
  fields.flag("relu", o.relu);
  fields.flag("resize", o.resize);
  fields.choice("align", o.alignment, kAlignmentNames, "way to align a resized map");
  fields.flag("scale", o.scale);
}

template <class Fields>
void visit(Fields& fields, Saliency& o) {
  visit(fields, o.finish);
}

template <class Fields>
void visit(Fields& fields, InputXGradient& o) {
  visit(fields, o.finish);
}

template <class Fields>
void visit(Fields& fields, SmoothGrad& o) {
  fields.integer("samples", o.samples, 1, kMostSamples);
  fields.number("sigma", o.sigma, 0, kUnbounded);
  fields.choice("unit", o.unit, kNoiseUnitNames, "unit of the noise");
  fields.choice("average", o.average, kAverageNames, "average of gradients");
  visit(fields, o.finish);
}

template <class Fields>
void visit(Fields& fields, IntegratedGradients& o) {
  fields.integer("steps", o.steps, 1, kMostSamples);
  fields.choice("rule", o.rule, kQuadratureNames, "quadrature rule");
  fields.choice("baseline", o.baseline, kPathBaselineNames, "baseline of integrated gradients");
  fields.number("value", o.value, -kUnbounded, kUnbounded);
  visit(fields, o.finish);
}

/// Sets the options that a spec gives.
class SpecFields {
 public:
  explicit SpecFields(base::SpecReader& spec) : spec_(spec) {}
  void flag(std::string_view key, bool& value) { value = spec_.flag(key, value); }
  void integer(std::string_view key, std::int64_t& value, std::int64_t low, std::int64_t high) {
    value = spec_.integer(key, value, low, high);
  }
  void number(std::string_view key, double& value, double low, double high) {
    value = spec_.number(key, value, low, high);
  }
  void text(std::string_view key, std::string& value) { value = spec_.text(key, value); }
  template <class Value, std::size_t size>
  void choice(std::string_view key, Value& value, const Name<Value> (&table)[size],
              std::string_view what) {
    value = value_of(table, spec_.text(key, name_of(table, value)), what);
  }

 private:
  base::SpecReader& spec_;
};

/// Writes them into a JSON object.
class JsonFields {
 public:
  void flag(std::string_view key, bool value) { json[std::string(key)] = value; }
  void integer(std::string_view key, std::int64_t value, std::int64_t, std::int64_t) {
    json[std::string(key)] = value;
  }
  void number(std::string_view key, double value, double, double) {
    json[std::string(key)] = value;
  }
  void text(std::string_view key, const std::string& value) { json[std::string(key)] = value; }
  template <class Value, std::size_t size>
  void choice(std::string_view key, Value value, const Name<Value> (&table)[size],
              std::string_view) {
    json[std::string(key)] = name_of(table, value);
  }

  nlohmann::ordered_json json = nlohmann::ordered_json::object();
};

template <class Options>
std::string to_json_text(Options options) {
  JsonFields fields;
  visit(fields, options);
  return fields.json.dump();
}

/// What is known of a method's result before its maps are made.
template <class Options>
Attribution described(std::string_view method, bool is_signed, const Options& options) {
  return {.is_signed = is_signed,
          .method = std::string(method),
          .preset = options.preset,
          .options = to_json_text(options)};
}

/// Error: METHOD has no settings of that name; it has ...
[[noreturn]] void unknown_preset(std::string_view method, std::string_view name);

}  // namespace ranklens::explain
