#include "ranklens/tn/analysis/entropy.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "ranklens/tn/analysis/density.h"

#include "commands.h"
#include "trains.h"

namespace ranklens::app {
namespace {

struct EntropyOptions {
  Common common;
  std::string file;
  double alpha = 2;
  bool modes = false;
};

Json bonds_of(const std::vector<tn::BondEntropy>& bonds, std::string& text) {
  Json list = Json::array();
  text += fmt::format("{:>6} {:>6} {:>12} {:>12} {:>14}\n", "bond", "rank", "entropy", "renyi",
                      "effective rank");
  for (std::size_t k = 0; k < bonds.size(); ++k) {
    const auto& bond = bonds[k];
    const auto wide = bond.schmidt.contiguous();
    list.push_back(
        {{"bond", k},
         {"rank", wide.numel()},
         {"entropy", bond.von_neumann},
         {"renyi", bond.renyi},
         {"effective_rank", bond.effective_rank},
         {"schmidt", std::vector<double>(wide.const_data_ptr<double>(),
                                         wide.const_data_ptr<double>() + wide.numel())}});
    text += fmt::format("{:>6} {:>6} {:>12.6f} {:>12.6f} {:>14.3f}\n", k, wide.numel(),
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

void entropy(const EntropyOptions& options) {
  start(options.common);
  const auto stored = open_train(options.file, options.common);
  std::string text = fmt::format("{}: {}; entropies in nats\n", options.file, described(stored));
  auto json = summary_of(stored);
  json["alpha"] = options.alpha;
  json["bonds"] = bonds_of(tn::bond_entropies(stored.train, options.alpha), text);
  if (options.modes) json["modes"] = modes_of(stored.train, text);
  emit_and_save(options.common, json, text);
}

}  // namespace

void add_entropy(CLI::App& root) {
  const auto options = std::make_shared<EntropyOptions>();
  auto& command =
      add_command(root, "entropy", "entanglement entropies of a tensor train",
                  "  ranklens entropy w.safetensors --modes", options->common, Out::json_file);
  command.add_option("file", options->file, "a train, as decompose writes it")->required();
  command.add_option("--alpha", options->alpha, "order of the Renyi entropy")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  command.add_flag("--modes", options->modes, "also of each mode's reduced density matrix");
  command.callback([options] { entropy(*options); });
}

}  // namespace ranklens::app
