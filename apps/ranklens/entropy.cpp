#include "ranklens/tn/analysis/entropy.h"

#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/progress.h"
#include "ranklens/compress/entropies.h"
#include "ranklens/report/entropy_page.h"
#include "ranklens/tn/analysis/density.h"

#include "checks.h"
#include "command_line.h"
#include "commands.h"
#include "model.h"
#include "outputs.h"
#include "trains.h"

namespace ranklens::app {
namespace {

struct EntropyOptions {
  Common common;
  ModelOptions model;
  double alpha = 2;
  bool modes = false;
  std::string page;
};

Json bond_json(const tn::BondEntropy& bond) {
  const auto values = bond.schmidt.contiguous();
  return {{"rank", values.numel()},
          {"entropy", bond.von_neumann},
          {"renyi", bond.renyi},
          {"effective_rank", bond.effective_rank},
          {"schmidt", std::vector<double>(values.const_data_ptr<double>(),
                                          values.const_data_ptr<double>() + values.numel())}};
}

Json bonds_of(const std::vector<tn::BondEntropy>& bonds, std::string& text) {
  Json list = Json::array();
  text += fmt::format("{:>6} {:>6} {:>12} {:>12} {:>14}\n", "bond", "rank", "entropy", "renyi",
                      "effective rank");
  for (std::size_t k = 0; k < bonds.size(); ++k) {
    const auto& bond = bonds[k];
    Json one{{"bond", k}};
    one.update(bond_json(bond));
    list.push_back(std::move(one));
    text += fmt::format("{:>6} {:>6} {:>12.6f} {:>12.6f} {:>14.3f}\n", k, bond.schmidt.numel(),
                        bond.von_neumann, bond.renyi, bond.effective_rank);
  }
  return list;
}

Json modes_of(const tn::TensorTrain& train, std::string& text) {
  Json list = Json::array();
  text += fmt::format("{:>6} {:>6} {:>12}\n", "mode", "size", "entropy");
  const auto all = tn::densities(train);
  for (std::size_t k = 0; k < all.size(); ++k) {
    const double entropy = tn::entropy(all[k]);
    list.push_back({{"mode", k}, {"size", all[k].size(0)}, {"entropy", entropy}});
    text += fmt::format("{:>6} {:>6} {:>12.6f}\n", k, all[k].size(0), entropy);
  }
  return list;
}

void entropy_of_tensor(const EntropyOptions& options) {
  base::require(options.page.empty(),
                "--report is for networks, and '{}' holds a decomposed tensor",
                options.model.model);
  const auto stored = open_stored(options.model.model, options.common);
  const auto train = tn::as_train(stored);
  std::string text =
      fmt::format("{}: {}; entropies in nats\n", options.model.model, described(stored));
  auto json = summary_of(stored);
  json["alpha"] = options.alpha;
  json["bonds"] = bonds_of(tn::bond_entropies(train, options.alpha), text);
  if (options.modes) json["modes"] = modes_of(train, text);
  emit_and_save(options.common, json, text);
}

Json layers_json(const std::vector<compress::WeightEntropies>& layers) {
  Json list = Json::array();
  for (const auto& layer : layers) {
    Json cuts = Json::array();
    for (const auto& cut : layer.cuts) {
      Json one{
          {"series", cut.series}, {"cut", cut.cut}, {"most", cut.most}, {"share", cut.share()}};
      one.update(bond_json(cut.entropy));
      cuts.push_back(std::move(one));
    }
    list.push_back({{"layer", layer.layer},
                    {"shape", layer.shape},
                    {"weight", layer.spec},
                    {"reshaped", layer.reshaped},
                    {"cuts", cuts}});
  }
  return list;
}

void entropy_of_network(const EntropyOptions& options) {
  base::require(!options.modes, "--modes is for decomposed tensors, and '{}' is a network",
                options.model.model);
  require_replaceable({{"--report", options.page, FileKind::page}},
                      {options.model.model, options.model.weights});
  const auto opened = open_model(options.model, options.common, Fetched::wanted);
  warn_if_untrained(opened, options.common);
  base::ProgressBar bar(options.common.quiet);
  const auto layers = compress::weight_entropies(opened.network(), options.alpha,
                                                 until_interrupted(bar.callback()));
  bar.clear();
  base::require(!layers.empty(), "'{}' has no weight that can be stored in factors", opened.name);
  const auto table = report::entropy_table(layers, options.alpha);
  if (!options.page.empty())
    report::write_page(options.page,
                       report::entropy_page(layers, options.alpha, opened.name, command_line()));
  emit_and_save(
      options.common,
      Json{{"model", opened.name}, {"alpha", options.alpha}, {"layers", layers_json(layers)}},
      fmt::format("{} ({}); entropies in nats\n{}{}\n", opened.name, to_string(opened.origin),
                  report::to_text(table), table.note));
}

void entropy(const EntropyOptions& options) {
  start(options.common);
  if (tn::holds_stored(options.model.model)) {
    entropy_of_tensor(options);
  } else {
    entropy_of_network(options);
  }
}

}  // namespace

void add_entropy(CLI::App& root) {
  const auto options = std::make_shared<EntropyOptions>();
  auto& command = add_command(root, "entropy",
                              "entanglement entropies of a decomposed tensor, or of a network's "
                              "weights",
                              "  ranklens entropy w.safetensors --modes\n"
                              "  ranklens entropy runs/a/best.safetensors --report page.html",
                              options->common, Out::json_file);
  add_model_options(command, options->model);
  command.get_option("--model")->description(
      "a tensor, as decompose writes it, or a network: a model file, a fetched or a built-in one");
  command.add_option("--alpha", options->alpha, "order of the Renyi entropy")
      ->check(number(0, 1e6))
      ->capture_default_str();
  command.add_flag("--modes", options->modes,
                   "of a tensor: also of each mode's reduced density matrix");
  command.add_option("--report", options->page, "of a network: write a page with a plot");
  command.callback([options] { entropy(*options); });
}

}  // namespace ranklens::app
