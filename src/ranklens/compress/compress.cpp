#include "ranklens/compress/compress.h"

#include <algorithm>
#include <optional>

#include "ranklens/base/error.h"
#include "ranklens/compress/choose.h"
#include "ranklens/compress/decompose_weight.h"
#include "ranklens/compress/places.h"

namespace ranklens::compress {
namespace {

at::Tensor dense_of(const nn::Network& network, const Place& place) {
  return network.state.at(place.entry).weight->dense().detach();
}

/// What a rule asks for; nothing where none matches.
using Asked = std::optional<nn::WeightSpec>;

Asked spec_of(const Scheme& scheme, const Place& place) {
  const auto* rule = nn::rule_for(scheme.rules, place.layer);
  return rule == nullptr ? Asked() : rule->spec;
}

void check_rules(const Scheme& scheme, const std::vector<Place>& places) {
  std::vector<std::string> names;
  for (const auto& place : places) names.push_back(place.layer);
  nn::require_matched(scheme.rules, names);
}

std::vector<Asked> specs_for(const nn::Network& network, const Scheme& scheme,
                             const std::vector<Place>& places, const base::Progress& progress) {
  std::vector<Asked> specs;
  if (!scheme.ratio) {
    for (const auto& place : places) specs.push_back(spec_of(scheme, place));
    return specs;
  }
  std::vector<at::Tensor> weights;
  for (const auto& place : places) weights.push_back(dense_of(network, place));
  for (auto& chosen : choose(weights, *scheme.ratio, progress))
    specs.emplace_back(std::move(chosen.spec));
  return specs;
}

/// Nothing where no form of fewer numbers is as close as asked, unless a larger one would do, too.
std::optional<Factorised> decomposed(const nn::Network& network, const Place& place,
                                     const nn::WeightSpec& spec, bool even_if_larger) {
  if (spec.is_dense()) return Factorised{nn::Weight(dense_of(network, place)), 0};
  try {
    return decompose_weight(dense_of(network, place), spec);
  } catch (const NothingSmaller& error) {
    if (!even_if_larger) return std::nullopt;
    base::fail("layer '{}': {}", place.layer, error.what());
  } catch (const base::Error& error) {
    base::fail("layer '{}': {}", place.layer, error.what());
  }
}

/// Decomposes one weight; what is stored goes to `result`.
CompressedLayer compressed_layer(const nn::Network& network, const Place& place, const Asked& spec,
                                 bool even_if_larger, nn::Network& result) {
  const auto before = network.state.at(place.entry).weight;
  CompressedLayer layer{.layer = place.layer,
                        .shape = place.shape,
                        .spec = before->spec(),
                        .before = before->parameters(),
                        .after = before->parameters()};
  if (!spec || (spec->is_dense() && before.is_dense())) return layer;
  const auto found = decomposed(network, place, *spec, even_if_larger);
  if (!found) {
    layer.refused = nn::to_string(*spec);
    return layer;
  }
  if (found->weight->parameters() >= layer.before && !even_if_larger) {
    layer.refused = found->weight->spec();
    layer.refused_numbers = found->weight->parameters();
    return layer;
  }
  result.state.replace(place.entry, found->weight);
  layer.spec = found->weight->spec();
  layer.after = found->weight->parameters();
  layer.error = found->error;
  return layer;
}

}  // namespace

Compressed compress(const nn::Network& network, const Scheme& scheme,
                    const base::Progress& progress) {
  const auto places = places_of(network);
  base::require(!places.empty(), "the network has no layer that can be stored in factors");
  check_rules(scheme, places);
  const auto specs = specs_for(network, scheme, places, progress);
  Compressed result{network, {}};
  for (std::size_t k = 0; k < places.size(); ++k) {
    result.layers.push_back(
        compressed_layer(network, places[k], specs[k], scheme.even_if_larger, result.network));
    report_layers(progress, "decomposing", k + 1, places.size());
  }
  return result;
}

}  // namespace ranklens::compress
