// What a run's final weights depend on, as JSON: the key by which a checkpoint knows its own.
#include <nlohmann/json.hpp>

#include "ranklens/base/sha256.h"
#include "ranklens/base/tensor_bytes.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/optim/schedule.h"
#include "ranklens/train/checkpoint.h"
#include "ranklens/train/fit.h"

namespace ranklens::train {
namespace {

std::string digest(const nn::Network& network) {
  base::Sha256 hash;
  for (const auto& node : network.graph.nodes()) {
    hash.update(
        nlohmann::json({node.name, node.op->kind(), node.op->options(), node.inputs, node.weights})
            .dump());
  }
  for (const auto& name : network.state.names()) {
    const auto& entry = network.state.at(name);
    hash.update(nlohmann::json({name, entry.buffer, entry.trainable, entry.weight->kind(),
                                entry.weight->structure()})
                    .dump());
    for (const auto& factor : entry.weight->factors()) {
      const at::Tensor plain = base::plain(factor.tensor);
      hash.update(nlohmann::json({factor.name, plain.sizes().vec(),
                                  std::string(c10::toString(plain.scalar_type()))})
                      .dump());
      hash.update(base::bytes_of(plain));
    }
  }
  return hash.hex();
}

std::string hash_of(const data::Dataset& data) {
  if (data.size() == 0) return "";
  return data.hash.empty() ? data::content_hash(data) : data.hash;
}

nlohmann::json to_json(const data::Augment& augment) {
  return {{"crop", augment.crop},
          {"flip", augment.flip},
          {"brightness", augment.brightness},
          {"contrast", augment.contrast},
          {"saturation", augment.saturation}};
}

}  // namespace

nlohmann::json configuration_of(const nn::Network& network, const data::Dataset& training,
                                const data::Dataset& validation, const FitOptions& options) {
  nlohmann::json configuration{{"network", digest(network)},
                               {"training data", hash_of(training)},
                               {"validation data", hash_of(validation)},
                               {"epochs", options.epochs},
                               {"batch", options.batch},
                               {"optimiser", optim::make_optimiser(options.optimiser)->spec()},
                               {"schedule", optim::make_schedule(options.schedule).spec()},
                               {"seed", options.seed},
                               {"label_smoothing", options.label_smoothing},
                               {"clip_norm", options.clip_norm},
                               {"clip_value", options.clip_value},
                               {"accumulate", options.accumulate},
                               {"compute", to_string(options.execution.compute)},
                               {"channels_last", options.execution.channels_last},
                               {"augment", to_json(options.augment)},
                               {"best_by", options.best_by == BestBy::loss ? "loss" : "accuracy"}};
  // Checkpoints of earlier versions have no such keys.
  if (options.best_from != 1) configuration["best_from"] = options.best_from;
  if (options.rate != 1) configuration["rate"] = options.rate;
  if (options.execution.low_memory) configuration["low_memory"] = true;
  return configuration;
}

}  // namespace ranklens::train
