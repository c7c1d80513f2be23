#include "ranklens/explain/methods.h"

#include <fmt/ranges.h>

#include "ranklens/base/random.h"
#include "ranklens/base/text.h"
#include "ranklens/explain/controls.h"
#include "ranklens/explain/layers.h"
#include "ranklens/explain/option_fields.h"
#include "ranklens/nn/untrained.h"

namespace ranklens::explain {
namespace {

// Lists the keys of a set of options.
struct KeyFields {
  template <class Value>
  void flag(std::string_view key, const Value&) {
    keys.emplace_back(key);
  }
  template <class Value>
  void text(std::string_view key, const Value&) {
    keys.emplace_back(key);
  }
  template <class... Rest>
  void integer(std::string_view key, Rest&&...) {
    keys.emplace_back(key);
  }
  template <class... Rest>
  void number(std::string_view key, Rest&&...) {
    keys.emplace_back(key);
  }
  template <class... Rest>
  void choice(std::string_view key, Rest&&...) {
    keys.emplace_back(key);
  }
  std::vector<std::string> keys;
};

template <class Options>
std::vector<std::string> keys_of(Options options) {
  KeyFields fields;
  visit(fields, options);
  return fields.keys;
}

// The options of a spec: those of its preset, changed by its other keys.
template <class Options>
Options read(base::SpecReader& spec, Options (*preset)(std::string_view)) {
  Options options = preset(spec.text("preset", "paper"));
  SpecFields fields(spec);
  visit(fields, options);
  spec.finish();
  return options;
}

// Calls use(options) with the options of a spec of a method that needs a network.
template <class Use>
auto with_options(base::SpecReader& spec, const Use& use) {
  if (spec.name() == "gradcam") return use(read(spec, grad_cam_preset));
  if (spec.name() == "saliency") return use(read(spec, saliency_preset));
  if (spec.name() == "smoothgrad") return use(read(spec, smooth_grad_preset));
  if (spec.name() == "input_x_gradient") return use(read(spec, input_x_gradient_preset));
  return use(read(spec, integrated_gradients_preset));
}

template <class Options>
Attribution run(const Options& options, const Request& request) {
  const auto maps = [&](const Options& all) {
    return attribute(*request.network, request.images, request.targets, all, request.execution);
  };
  if constexpr (requires { options.first_image; }) {
    Options drawn = options;
    drawn.seed = request.seed;
    drawn.first_image = request.first_image;
    return maps(drawn);
  } else {
    return maps(options);
  }
}

Attribution control(std::string method, const at::Tensor& maps) {
  return {.maps = maps, .method = std::move(method), .preset = "paper", .options = "{}"};
}

Attribution run_control(base::SpecReader& spec, const Request& request) {
  const at::Tensor& images = request.images;
  const std::int64_t count = images.size(0);
  const std::int64_t height = images.size(2);
  const std::int64_t width = images.size(3);
  if (spec.name() == "centre_prior") {
    CentrePrior options;
    options.sigma = spec.number("sigma", options.sigma, 1e-6, kUnbounded);
    spec.finish();
    Attribution result = control("centre_prior", centre_prior_maps(count, height, width, options));
    result.options = nlohmann::ordered_json{{"sigma", options.sigma}}.dump();
    return result;
  }
  spec.finish();
  if (spec.name() == "sobel") return control("sobel", sobel_maps(images));
  const base::Stream stream(request.seed, "noise", "random_map");
  return control("random", random_maps(stream, count, height, width,
                                       static_cast<std::int64_t>(request.first_image)));
}

constexpr std::string_view kUntrained = "untrained";

Attribution run_untrained(const std::string& spec, Request request) {
  base::require(request.network != nullptr, "the method '{}' needs a network", kUntrained);
  const nn::Network fresh = nn::untrained(*request.network, request.seed);
  request.network = &fresh;
  Attribution result = attribute(spec, request);
  result.method = fmt::format("{}({})", kUntrained, result.method);
  result.notes.push_back(
      fmt::format("the network's weights are drawn anew (seed {}): a control", request.seed));
  return result;
}

std::vector<Method> table() {
  return {
      {"gradcam",
       "activations of a layer, weighted by their mean gradient",
       "Selvaraju et al. 2017",
       true,
       {"paper", "captum", "pytorch-grad-cam", "tf-keras-vis"},
       keys_of(GradCam{})},
      {"saliency",
       "magnitude of the gradient of the logit",
       "Simonyan et al. 2014",
       true,
       {"paper", "captum", "tf-keras-vis", "pair"},
       keys_of(Saliency{})},
      {"smoothgrad",
       "mean gradient over noisy copies of the image",
       "Smilkov et al. 2017",
       true,
       {"paper", "captum", "tf-keras-vis", "pair"},
       keys_of(SmoothGrad{})},
      {"input_x_gradient",
       "gradient times pixel",
       "Shrikumar et al. 2016",
       true,
       {"paper", "captum"},
       keys_of(InputXGradient{})},
      {"integrated_gradients",
       "gradient times pixel, averaged on the way from a baseline",
       "Sundararajan et al. 2017",
       true,
       {"paper", "captum", "pair"},
       keys_of(IntegratedGradients{})},
      {"untrained",
       "a method, as in untrained(gradcam), on the same network with new random weights: a control",
       "control; Adebayo et al. 2018",
       true,
       {},
       {}},
      {"random", "uniform noise: a control", "control", false, {}, {}},
      {"sobel", "edges of the image: a control", "control; Adebayo et al. 2018", false, {}, {}},
      {"centre_prior", "a Gaussian about the centre: a control", "control", false, {}, {"sigma"}},
  };
}

}  // namespace

const std::vector<Method>& methods() {
  static const std::vector<Method> all = table();
  return all;
}

const Method& find_method(std::string_view name) {
  std::vector<std::string> names;
  for (const Method& method : methods()) {
    if (method.name == name) return method;
    names.emplace_back(method.name);
  }
  base::fail("there is no method '{}'{}", name, base::nearest_hint(name, names));
}

void unknown_preset(std::string_view method, std::string_view name) {
  base::fail("{} has no preset '{}'; it has {}", method, name,
             fmt::join(find_method(method).presets, ", "));
}

std::optional<std::string> untrained_of(std::string_view spec) {
  const std::string_view text = base::trim(spec);
  if (text == kUntrained) return "gradcam";
  if (base::trim(text.substr(0, text.find('('))) != kUntrained) return std::nullopt;
  base::require(text.ends_with(')'), "the method '{}' lacks its closing parenthesis", text);
  const auto open = text.find('(') + 1;
  std::string inner(base::trim(text.substr(open, text.size() - 1 - open)));
  const auto name = base::trim(std::string_view(inner).substr(0, inner.find('(')));
  base::require(name != kUntrained && find_method(name).needs_network,
                "'{}' in '{}' is no method that looks at a network", name, text);
  return inner;
}

Attribution attribute(std::string_view text, const Request& request) {
  if (const auto inner = untrained_of(text)) return run_untrained(*inner, request);
  base::SpecReader spec(text, "method");
  const Method& method = find_method(spec.name());
  base::require(request.images.defined() && request.images.dim() == 4,
                "images must be [images, channels, height, width]");
  if (!method.needs_network) return run_control(spec, request);
  base::require(request.network != nullptr, "the method '{}' needs a network", method.name);
  return with_options(spec, [&](const auto& options) { return run(options, request); });
}

void check_spec(std::string_view text, const nn::Network& network) {
  if (const auto inner = untrained_of(text)) return check_spec(*inner, network);
  base::SpecReader spec(text, "method");
  if (!find_method(spec.name()).needs_network) {
    if (spec.name() == "centre_prior") spec.number("sigma", 1, 1e-6, kUnbounded);
    return spec.finish();
  }
  with_options(spec, [&](const auto& options) {
    if constexpr (requires { options.layer; }) choose_layer(network, options.layer);
  });
}

std::vector<std::string> split_specs(std::string_view text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    if (c == ',' && depth == 0) {
      parts.emplace_back();
      continue;
    }
    depth += c == '(' ? 1 : (c == ')' ? -1 : 0);
    parts.back() += c;
  }
  return parts;
}

}  // namespace ranklens::explain
