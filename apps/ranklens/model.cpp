#include "model.h"

#include <iostream>

#include <ATen/TensorOperators.h>
#include <ATen/ops/isfinite.h>
#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/nn/fetch.h"
#include "ranklens/nn/foreign.h"
#include "ranklens/nn/inspect.h"

#include "checks.h"

namespace ranklens::app {
namespace {

namespace fs = std::filesystem;
using Origin = OpenedModel::Origin;

/// Whether MODEL is meant as a file: one that is there, or a name that no network has.
bool means_a_file(const std::string& text) {
  if (nn::zoo::contains(text)) return false;
  return fs::exists(text) || text.find('/') != std::string::npos ||
         !fs::path(text).extension().empty();
}

bool is_shaped(const nn::zoo::Options& shape) {
  return shape.width != 0 || shape.dropout != 1 || !shape.head.empty() || !shape.layers.empty() ||
         !shape.hidden.empty();
}

nn::Model read_file(const fs::path& path) {
  if (std::error_code ignored; fs::is_directory(path, ignored)) {
    const auto best = path / "best.safetensors";
    base::fail("'{}' is a folder and no model file{}", path.string(),
               fs::exists(best, ignored) ? fmt::format("; write {}", best.string()) : "");
  }
  const auto extension = path.extension();
  base::require(extension != ".pth" && extension != ".pt",
                "'{0}' is PyTorch's: a state dict holds no network; name the built-in one that it "
                "fits and --weights {0}",
                path.string());
  return nn::read_model(path);
}

OpenedModel from_name(const ModelOptions& options, const Common& common) {
  auto shape = options.shape;
  shape.seed = common.seed;
  OpenedModel opened{.model = {.network = nn::zoo::make(options.model, shape)},
                     .name = options.model,
                     .origin = Origin::built_in,
                     .file = {}};
  if (options.weights.empty()) return opened;
  const auto tensors = nn::read_state_dict_file(options.weights);
  try {
    opened.model.network = nn::with_state_dict(opened.model.network, tensors);
  } catch (const base::Error& error) {
    base::fail("'{}' does not fit '{}': {}", options.weights, options.model, error.what());
  }
  opened.origin = Origin::state_dict;
  opened.file = options.weights;
  return opened;
}

OpenedModel opened_as_named(const ModelOptions& options, const Common& common, Fetched wanted) {
  const auto file = means_a_file(options.model) ? fs::path(options.model) : fs::path();
  const auto fetched = file.empty() && wanted == Fetched::wanted && options.weights.empty() &&
                               !is_shaped(options.shape)
                           ? nn::fetched_model(options.model)
                           : std::nullopt;
  if (file.empty() && !fetched) return from_name(options, common);
  const bool in_factors = !options.shape.layers.empty() || !options.shape.head.empty();
  base::require(
      !is_shaped(options.shape) && options.weights.empty(),
      "--width, --dropout, --head, --layers, --hidden and --weights are for built-in networks; "
      "'{}' is a file{}",
      file.string(), in_factors ? ": 'ranklens compress' stores its weights in factors" : "");
  const auto path = fetched.value_or(file);
  return {.model = read_file(path),
          .name = options.model,
          .origin = fetched ? Origin::fetched : Origin::file,
          .file = path};
}

}  // namespace

std::string OpenedModel::class_name(std::int64_t index) const {
  const auto k = static_cast<std::size_t>(index);
  return k < model.labels.size() ? model.labels[k] : std::to_string(index);
}

std::string_view to_string(Origin origin) {
  switch (origin) {
    case Origin::file:
      return "file";
    case Origin::fetched:
      return "fetched";
    case Origin::state_dict:
      return "state dict";
    case Origin::built_in:
      break;
  }
  return "built in, untrained";
}

void add_network_options(CLI::App& command, ModelOptions& options) {
  const std::string group = "Of built-in networks";
  command.add_option("--width", options.shape.width, "channels of the first convolutions (cnn-*)")
      ->check(whole_number(1, 65536))
      ->group(group);
  command.add_option("--dropout", options.shape.dropout, "factor on the published rates (cnn-*)")
      ->check(number(0, 1))
      ->group(group);
  command
      .add_option("--head", options.shape.head,
                  "format of the head's weight: dense, low_rank(r=20), tt(out=8x4x4,...,r=16)")
      ->group(group);
  command
      .add_option("--layers", options.shape.layers,
                  "formats of layers by their names: 'conv*: low_rank(r=16); fc1: tt(r=8)'")
      ->group(group);
  command.add_option("--hidden", options.shape.hidden, "sizes of mlp's hidden layers: 300,100")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(whole_number(1, 1 << 20))
      ->group(group);
  command.add_option("--weights", options.weights, "a state dict of PyTorch to fill it with")
      ->group(group);
}

void add_model_options(CLI::App& command, ModelOptions& options) {
  command
      .add_option("model,--model", options.model,
                  "a model file, a fetched network or a built-in one ('ranklens info' lists them)")
      ->required();
  add_network_options(command, options);
}

OpenedModel open_model(const ModelOptions& options, const Common& common, Fetched fetched) {
  auto opened = opened_as_named(options, common, fetched);
  auto& state = opened.model.network.state;
  if (common.compute_dtype() == c10::kDouble) state = state.to(c10::kDouble);
  state = state.to(common.torch_device());
  return opened;
}

void require_finite_weights(const OpenedModel& opened) {
  for (const auto& one : opened.network().state.tensors()) {
    base::require(!one.tensor.is_floating_point() || at::isfinite(one.tensor).all().item<bool>(),
                  "the weight '{}' of '{}' holds a value that is not a finite number", one.name,
                  opened.name);
  }
}

std::string untrained_note(const OpenedModel& opened) {
  if (opened.origin != Origin::built_in) return "";
  const auto known = nn::fetchable_models();
  const bool fetchable = std::find(known.begin(), known.end(), opened.name) != known.end();
  return fmt::format(
      "'{}' is a built-in network that has learnt nothing{}", opened.name,
      fetchable ? fmt::format("; 'ranklens fetch {}' gets trained weights", opened.name) : "");
}

void warn_if_untrained(const OpenedModel& opened, const Common& common) {
  const auto note = untrained_note(opened);
  if (!note.empty() && !common.quiet) std::cerr << fmt::format("ranklens: {}\n", note);
}

std::int64_t class_count(const nn::Network& network) {
  const auto shapes = nn::value_shapes(network.graph, 2);
  const auto& output = shapes.at(network.graph.outputs().front());
  base::require(output.size() == 2,
                "the network is no classifier: for 2 inputs it gives outputs of [{}]",
                fmt::join(output, ", "));
  return output[1];
}

}  // namespace ranklens::app
