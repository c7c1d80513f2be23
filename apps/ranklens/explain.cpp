#include "explain.h"

#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/base/free_folder.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/base/npy.h"
#include "ranklens/base/progress.h"
#include "ranklens/base/sha256.h"
#include "ranklens/base/staged_folder.h"
#include "ranklens/base/tensor_bytes.h"
#include "ranklens/explain/methods.h"
#include "ranklens/train/compute.h"

#include "commands.h"
#include "image_files.h"
#include "manifest.h"
#include "outputs.h"
#include "values.h"

namespace ranklens::app {
namespace {

constexpr const char* kTargets = "targets.npy";

/// Of each method "gradcam.npy"; "gradcam-2.npy" where it is run again with other options;
/// "gradcam-untrained.npy" of untrained(gradcam).
std::vector<std::string> files_of(const std::vector<std::string>& specs) {
  std::vector<std::string> files;
  for (const auto& spec : specs) {
    const auto inner = explain::untrained_of(spec);
    const auto own = inner.value_or(spec);
    const auto name = own.substr(0, own.find('(')) + (inner ? "-untrained" : "");
    auto file = name + ".npy";
    for (int k = 2; std::find(files.begin(), files.end(), file) != files.end(); ++k)
      file = fmt::format("{}-{}.npy", name, k);
    files.push_back(file);
  }
  return files;
}

std::vector<Explanation> explain_all(const ExplainOptions& options, const nn::Network& network,
                                     const Subjects& subjects,
                                     const std::vector<std::string>& specs) {
  base::ProgressBar bar(options.common.quiet);
  std::vector<Explanation> all;
  const auto files = files_of(specs);
  for (const auto& spec : specs) {
    const base::Stopwatch watch;
    auto found =
        explain::attribute(spec, {.network = &network,
                                  .images = subjects.images,
                                  .targets = subjects.targets,
                                  .seed = options.common.seed,
                                  .execution = {.memory = parse_bytes(options.memory),
                                                .progress = until_interrupted(bar.callback())}});
    found.maps = found.maps.to(at::kCPU, at::kFloat).contiguous();
    all.push_back({.spec = spec,
                   .file = files[all.size()],
                   .attribution = std::move(found),
                   .seconds = watch.seconds()});
  }
  return all;
}

Json method_json(const Explanation& one) {
  const auto& attribution = one.attribution;
  return {{"spec", one.spec},
          {"file", one.file},
          {"shape", attribution.maps.sizes().vec()},
          {"layer", attribution.layer},
          {"preset", attribution.preset},
          {"signed", attribution.is_signed},
          {"options", Json::parse(attribution.options)},
          {"notes", attribution.notes},
          {"seconds", one.seconds}};
}

Json image_json(std::int64_t k, const OpenedModel& opened, const Subjects& subjects) {
  const auto target = subjects.targets[k].item<std::int64_t>();
  Json best = Json::array();
  for (const auto& [index, probability] : subjects.best(k)) {
    best.push_back(
        {{"class", opened.class_name(index)}, {"index", index}, {"probability", probability}});
  }
  return {{"image", subjects.names.empty() ? std::to_string(k)
                                           : subjects.names[static_cast<std::size_t>(k)]},
          {"target", target},
          {"target_class", opened.class_name(target)},
          {"predictions", best}};
}

/// `written`: whether the maps are in files, too.
Json json_of(const OpenedModel& opened, const Subjects& subjects,
             const std::vector<Explanation>& explanations, bool written) {
  Json images = Json::array(), methods = Json::array();
  for (std::int64_t k = 0; k < subjects.images.size(0); ++k) {
    images.push_back(image_json(k, opened, subjects));
  }
  for (const auto& one : explanations) methods.push_back(method_json(one));
  if (!written) {
    for (auto& method : methods) method.erase("file");
  }
  return {{"model", opened.name},
          {"origin", to_string(opened.origin)},
          {"methods", methods},
          {"images", images}};
}

std::string text_of(const OpenedModel& opened, const Subjects& subjects,
                    const std::vector<Explanation>& explanations) {
  std::string text;
  for (std::size_t k = 0; k < subjects.names.size(); ++k) {
    text += subjects.names[k] + "\n";
    for (const auto& [index, probability] : subjects.best(static_cast<std::int64_t>(k))) {
      text += fmt::format("  {:5.1f} %  {}\n", 100 * probability, opened.class_name(index));
    }
  }
  for (const auto& one : explanations) {
    const auto count = one.attribution.maps.size(0);
    text += fmt::format("{}: {} map{} of {} in {:.2f} s\n", one.id(), count, count == 1 ? "" : "s",
                        fmt::join(one.attribution.maps.sizes().slice(1), "x"), one.seconds);
    for (const auto& note : one.attribution.notes) text += "  " + note + "\n";
  }
  return text;
}

/// All that the maps depend on.
Json identity_of(const ExplainOptions& options, const OpenedModel& opened, const Subjects& subjects,
                 const std::vector<std::string>& specs) {
  const auto digest = [](const at::Tensor& tensor) {
    return base::sha256(base::bytes_of(tensor.to(at::kCPU).contiguous()));
  };
  Json identity{{"images_sha256", digest(subjects.images)},
                {"targets_sha256", digest(subjects.targets)},
                {"methods", specs},
                {"seed", options.common.seed},
                {"dtype", options.common.dtype}};
  if (!opened.file.empty()) identity["model_sha256"] = base::sha256_of_file(opened.file);
  if (opened.origin == OpenedModel::Origin::built_in ||
      opened.origin == OpenedModel::Origin::state_dict) {
    const auto& shape = options.model.shape;
    identity["model"] = {opened.name, shape.width, shape.head, shape.hidden};
  }
  return identity;
}

/// What would fail at the end fails here, before the work.
void prepare_outputs(const ExplainOptions& options, const Json& identity,
                     const std::vector<std::string>& specs) {
  auto inputs = options.photos;
  inputs.insert(inputs.end(),
                {options.model.model, options.model.weights, options.images, options.targets});
  require_replaceable({{"--report", options.report, FileKind::page}}, inputs);
  if (!options.common.out.empty()) {
    auto files = files_of(specs);
    files.emplace_back(kTargets);
    base::require_free(options.common.out, {.command = "explain",
                                            .alike = {"data make"},
                                            .identity = identity,
                                            .among_others = true,
                                            .writes = files});
  }
}

void write_maps(const ExplainOptions& options, const OpenedModel& opened, const Subjects& subjects,
                const std::vector<Explanation>& explanations, const Json& identity,
                base::StagedFolder& staged, double wall_seconds) {
  const auto& folder = staged.path();
  Json methods = Json::array();
  Manifest manifest{.command = "explain",
                    .identity = identity,
                    .data_hash = identity.at("images_sha256").get<std::string>(),
                    .wall_seconds = wall_seconds};
  for (const auto& one : explanations) {
    base::write_npy(folder / one.file, one.attribution.maps);
    manifest.files.push_back(one.file);
    methods.push_back(method_json(one));
  }
  base::write_npy(folder / kTargets, subjects.targets);
  manifest.files.emplace_back(kTargets);
  manifest.configuration = {{"model", opened.name},       {"origin", to_string(opened.origin)},
                            {"images", options.images},   {"photos", options.photos},
                            {"targets", options.targets}, {"target", options.target},
                            {"memory", options.memory}};
  manifest.more = {{"methods", methods}};
  if (!opened.file.empty()) manifest.more["model_sha256"] = identity.at("model_sha256");
  write_manifest(folder, options.common, manifest);
  staged.commit();
}

void explain_images(ExplainOptions options) {
  start(options.common);
  base::require(!options.common.out.empty() || !options.report.empty(),
                "say where the maps go: --out FOLDER, --report PAGE.html, or both");
  base::install_interrupt_handlers();
  const base::Stopwatch watch;
  if (!options.images.empty() && nn::zoo::contains(options.model.model)) {
    const auto images = read_images(options.images);
    options.model.shape.channels = images.size(1);
    options.model.shape.size = images.size(2);
  }
  auto opened = open_model(options.model, options.common, Fetched::wanted);
  require_finite_weights(opened);
  if (options.common.compute_dtype() == c10::kBFloat16) {
    auto& network = opened.model.network;
    network.state = train::state_for(network.graph, network.state, train::Compute::bfloat16);
  }
  const auto specs = specs_of(options, opened.network());
  const auto subjects = read_subjects(options, opened);
  warn_if_untrained(opened, options.common);
  const auto identity = identity_of(options, opened, subjects, specs);
  prepare_outputs(options, identity, specs);
  std::optional<base::StagedFolder> staged;
  if (!options.common.out.empty()) staged.emplace(options.common.out);
  const auto explanations = explain_all(options, opened.network(), subjects, specs);
  auto object = json_of(opened, subjects, explanations, staged.has_value());
  auto text = text_of(opened, subjects, explanations);
  if (staged) {
    write_maps(options, opened, subjects, explanations, identity, *staged, watch.seconds());
    object["out"] = options.common.out;
    text += fmt::format("the maps: {}\n", options.common.out);
  }
  if (!options.report.empty()) {
    report::write_page(options.report, explanation_page(options, opened, subjects, explanations));
    object["report"] = options.report;
    text += fmt::format("the page: {}\n", options.report);
  }
  emit(options.common, object, text);
}

}  // namespace

void add_explain(CLI::App& root) {
  const auto options = std::make_shared<ExplainOptions>();
  auto& command =
      add_command(root, "explain", "show where a network looks: maps of images or photos",
                  "  ranklens explain efficientnet-lite0 photo.jpg --method gradcam,smoothgrad "
                  "--report page.html\n"
                  "  ranklens explain runs/a/best.safetensors --images X.npy --targets T.npy \\\n"
                  "    --method 'gradcam,integrated_gradients(steps=100)' --out maps",
                  options->common, Out::folder);
  add_model_options(command, options->model);
  const auto add = [&](const char* name, auto& value, const char* text) {
    return command.add_option(name, value, text);
  };
  add("photos", options->photos, "PNG or JPEG files, scaled and cropped to the network's size");
  add("--images", options->images, "an .npy file instead, [N,C,H,W] or [N,H,W]");
  add("--targets", options->targets, "classes to explain, .npy [N] (default: the predicted ones)");
  add("--target", options->target, "one class to explain in all images: its name or number");
  add("--method", options->methods, "one or more, such as gradcam,smoothgrad(samples=20)")
      ->capture_default_str();
  add("--layer", options->layer, "of the class activation maps: auto, conv-activation or a name");
  add("--preset", options->preset, "settings of another library, such as captum");
  add("--report", options->report, "write a page with the images and their maps");
  add("--memory", options->memory, "that may be used at a time, such as 512M")
      ->capture_default_str();
  command.callback([options] { explain_images(*options); });
}

}  // namespace ranklens::app
