// What `explain` is to do: images, targets, methods.
#include <algorithm>
#include <cctype>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/softmax.h>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/base/text.h"
#include "ranklens/explain/executor.h"
#include "ranklens/explain/methods.h"
#include "ranklens/explain/scores.h"

#include "explain.h"
#include "image_files.h"
#include "values.h"

namespace ranklens::app {
namespace {

constexpr std::int64_t kBest = 5;

/// "gradcam(relu=0)" with layer=conv1: "gradcam(relu=0,layer=conv1)".
std::string with_key(const std::string& spec, const std::string& key, const std::string& value) {
  const auto open = spec.find('(');
  if (open == std::string::npos) return fmt::format("{}({}={})", spec, key, value);
  const auto end = spec.rfind(')');
  base::require(end != std::string::npos, "the method '{}' lacks a ')'", spec);
  const char* comma = end == open + 1 ? "" : ",";
  return fmt::format("{}{}{}={})", spec.substr(0, end), comma, key, value);
}

/// The same inside untrained(...).
std::string with_inner_key(const std::string& spec, const std::string& key,
                           const std::string& value) {
  const auto inner = explain::untrained_of(spec);
  return inner ? fmt::format("untrained({})", with_key(*inner, key, value))
               : with_key(spec, key, value);
}

const explain::Method& method_of(const std::string& spec) {
  const auto own = explain::untrained_of(spec).value_or(spec);
  return explain::find_method(std::string_view(own).substr(0, own.find('(')));
}

bool takes(const explain::Method& method, std::string_view key) {
  return std::find(method.options.begin(), method.options.end(), key) != method.options.end();
}

at::Tensor probabilities_of(const OpenedModel& opened, const at::Tensor& images,
                            std::int64_t memory) {
  const c10::NoGradGuard no_gradients;
  std::vector<std::string> notes;
  const auto network = explain::explained(opened.network(), notes);
  const auto chunk = explain::chunk_size(network, memory, explain::Pass::forward);
  std::vector<at::Tensor> parts;
  for (std::int64_t first = 0; first < images.size(0); first += chunk) {
    const auto logits = network(images.narrow(0, first, std::min(chunk, images.size(0) - first)));
    parts.push_back(at::softmax(logits.to(at::kCPU, at::kDouble), 1));
  }
  return at::cat(parts);
}

bool same_letters(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

/// --target NAME, in capitals or not, or NUMBER.
std::int64_t parse_target(const std::string& text, const OpenedModel& opened) {
  const auto classes = class_count(opened.network());
  const auto& labels = opened.model.labels;
  const auto named = [&](const std::string& label) { return same_letters(label, text); };
  const auto found = std::find_if(labels.begin(), labels.end(), named);
  if (found != labels.end()) {
    base::require(std::none_of(found + 1, labels.end(), named),
                  "the network has several classes '{}'; give the number of one", text);
    return found - labels.begin();
  }
  const auto number = base::parse_number<std::int64_t>(text);
  base::require(number || !labels.empty(),
                "the network has no names of classes; give the number of one, 0 to {}",
                classes - 1);
  base::require(number.has_value(), "the network has no class '{}'{}", text,
                base::nearest_hint(text, labels));
  base::require(*number >= 0 && *number < classes,
                "the network has the classes 0 to {}, and none {}", classes - 1, *number);
  return *number;
}

at::Tensor targets_of(const ExplainOptions& options, const OpenedModel& opened,
                      const Subjects& subjects) {
  const auto count = subjects.images.size(0);
  if (!options.targets.empty()) {
    return read_targets(options.targets, count, class_count(opened.network()));
  }
  if (options.target.empty()) return subjects.probabilities.argmax(1);
  return at::full({count}, parse_target(options.target, opened), at::kLong);
}

}  // namespace

std::vector<std::string> specs_of(const ExplainOptions& options, const nn::Network& network) {
  auto specs = split_list(options.methods);
  bool layer_used = options.layer.empty(), preset_used = options.preset.empty();
  for (auto& spec : specs) {
    const auto& method = method_of(spec);
    if (!options.layer.empty() && takes(method, "layer")) {
      spec = with_inner_key(spec, "layer", options.layer);
      layer_used = true;
    }
    if (!options.preset.empty() && !method.presets.empty()) {
      spec = with_inner_key(spec, "preset", options.preset);
      preset_used = true;
    }
    explain::check_spec(spec, network);
  }
  base::require(layer_used, "none of the methods '{}' reads a layer, so --layer has no meaning",
                options.methods);
  base::require(preset_used, "none of the methods '{}' has presets", options.methods);
  return specs;
}

Subjects read_subjects(const ExplainOptions& options, const OpenedModel& opened) {
  base::require(options.photos.empty() != options.images.empty(),
                "give photos, or --images FILE.npy, to explain (one of them)");
  base::require(options.target.empty() || options.targets.empty(),
                "--target and --targets exclude each other");
  const auto shape = image_shape(opened.network());
  Subjects subjects;
  if (!options.images.empty()) {
    subjects.images = read_images(options.images);
    require_shape(subjects.images, shape, fmt::format("the images in '{}'", options.images));
  }
  std::vector<at::Tensor> photos;
  for (const auto& photo : options.photos) {
    photos.push_back(read_photo(photo, shape));
    subjects.names.push_back(std::filesystem::path(photo).filename().string());
  }
  if (!photos.empty()) subjects.images = at::cat(photos);
  const auto dtype = options.common.compute_dtype() == c10::kDouble ? c10::kDouble : c10::kFloat;
  subjects.images = subjects.images.to(options.common.torch_device(), dtype);
  class_count(opened.network());
  subjects.probabilities = probabilities_of(opened, subjects.images, parse_bytes(options.memory));
  subjects.targets = targets_of(options, opened, subjects);
  return subjects;
}

std::vector<std::pair<std::int64_t, double>> Subjects::best(std::int64_t image) const {
  const auto row = probabilities[image];
  const auto [values, indices] = row.topk(std::min(kBest, row.size(0)));
  std::vector<std::pair<std::int64_t, double>> classes;
  for (std::int64_t k = 0; k < values.size(0); ++k) {
    classes.emplace_back(indices[k].item<std::int64_t>(), values[k].item<double>());
  }
  return classes;
}

}  // namespace ranklens::app
