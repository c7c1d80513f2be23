#include "ranklens/compress/compress.h"

#include <algorithm>

#include "ranklens/base/error.h"
#include "ranklens/compress/allocate.h"
#include "ranklens/compress/decompose_weight.h"
#include "ranklens/compress/places.h"

namespace ranklens::compress {
namespace {

at::Tensor dense_of(const nn::Network& network, const Place& place) {
  return network.state.at(place.entry).weight->dense().detach();
}

nn::WeightSpec rule_for(const Scheme& scheme, const Place& place) {
  for (const auto& rule : scheme.rules)
    if (matches(rule.pattern, place.layer)) return rule.spec;
  return {};
}

void check_rules(const Scheme& scheme, const std::vector<Place>& places) {
  std::vector<std::string> names;
  for (const auto& place : places) names.push_back(place.layer);
  for (const auto& rule : scheme.rules) {
    const bool used = std::any_of(names.begin(), names.end(),
                                  [&](const auto& name) { return matches(rule.pattern, name); });
    base::require(used, "no layer that can be stored in factors is called '{}'{}", rule.pattern,
                  base::nearest_hint(rule.pattern, names));
  }
}

std::vector<nn::WeightSpec> specs_for(const nn::Network& network, const Scheme& scheme,
                                      const std::vector<Place>& places) {
  std::vector<nn::WeightSpec> specs;
  if (!scheme.ratio) {
    for (const auto& place : places) specs.push_back(rule_for(scheme, place));
    return specs;
  }
  std::vector<std::vector<Candidate>> candidates;
  std::int64_t all = 0;
  for (const auto& place : places) {
    const auto dense = dense_of(network, place);
    all += dense.numel();
    candidates.push_back(candidates_for(dense));
  }
  const auto budget = static_cast<std::int64_t>(*scheme.ratio * static_cast<double>(all));
  for (const auto& chosen : allocate(candidates, budget)) specs.push_back(chosen.spec);
  return specs;
}

Factorised decomposed(const nn::Network& network, const Place& place, const nn::WeightSpec& spec) {
  try {
    return decompose_weight(dense_of(network, place), spec);
  } catch (const base::Error& error) {
    base::fail("layer '{}': {}", place.layer, error.what());
  }
}

}  // namespace

Compressed compress(const nn::Network& network, const Scheme& scheme,
                    const base::Progress& progress) {
  const auto places = places_of(network);
  base::require(!places.empty(), "the network has no layer that can be stored in factors");
  check_rules(scheme, places);
  const auto specs = specs_for(network, scheme, places);
  Compressed result{network, {}};
  for (std::size_t k = 0; k < places.size(); ++k) {
    const auto& place = places[k];
    const auto before = network.state.at(place.entry).weight;
    CompressedLayer layer{.layer = place.layer,
                          .shape = place.shape,
                          .spec = before->spec(),
                          .before = before->parameters(),
                          .after = before->parameters()};
    if (!specs[k].is_dense()) {
      const auto found = decomposed(network, place, specs[k]);
      result.network.state.replace(place.entry, found.weight);
      layer.spec = found.weight->spec();
      layer.after = found.weight->parameters();
      layer.error = found.error;
    }
    result.layers.push_back(std::move(layer));
    base::report(progress, {.stage = "decomposing",
                            .done = static_cast<double>(k + 1),
                            .total = static_cast<double>(places.size()),
                            .unit = "layers"});
  }
  return result;
}

}  // namespace ranklens::compress
