#include "ranklens/optim/catalogue.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include <fmt/format.h>

#include "ranklens/optim/optimiser.h"

namespace ranklens::optim {
namespace {

struct Known {
  const char *name, *moves, *summary, *source;
};

constexpr const char *kAny = "any tensors", *kLowRank = "low rank", *kTrains = "trains";

constexpr Known kKnown[] = {
    {"adam", kAny, "Adam; weights in factors one factor by the other", "Kingma, Ba 2015"},
    {"adamw", kAny, "the same with decay beside the gradient", "Loshchilov, Hutter 2019"},
    {"sgd", kAny, "gradient descent with momentum", ""},
    {"bug", kLowRank, "augmented bases and s steps of the core, ranks by tau",
     "Ceruti, Kusch, Lubich 2022, with one pass for all gradients"},
    {"augmented_bug", kLowRank, "the same with the core's gradient evaluated anew",
     "Ceruti, Kusch, Lubich 2022"},
    {"parallel_bug", kLowRank, "a step along the tangent space from one gradient, ranks by tau",
     "Ceruti, Kusch, Lubich 2024"},
    {"fixed_bug", kLowRank, "new bases of the same rank, then the core", "Ceruti, Lubich 2022"},
    {"psi", kLowRank, "K, S backwards and L one after the other", "Lubich, Oseledets 2014"},
    {"abc_psi", kLowRank, "the same without a step back, ranks by tau",
     "Kusch, Schotthöfer, Walter 2025"},
    {"core", kLowRank, "the core alone, bases held: fine-tuning at fixed ranks", ""},
    {"riemannian_sgd", kTrains, "descent on the manifold of fixed ranks, then rounding",
     "Steinlechner 2016"},
    {"riemannian_cg", kTrains, "conjugate gradients with a line search", "Steinlechner 2016"},
    {"riemannian_adam", kTrains, "moments on the manifold, a second one for the whole weight",
     "Novikov, Rakhuba, Oseledets 2022"},
    {"tt_psi", kTrains, "projector splitting, core by core from end to end",
     "Lubich, Oseledets, Vandereycken 2015"},
    {"dmrg", kTrains, "sweeps over pairs of cores, ranks found between them",
     "White 1992; Stoudenmire, Schwab 2016"},
    {"als", kTrains, "sweeps over single cores, ranks fixed", "Holtz, Rohwedder, Schneider 2012"},
    {"tsgo", kTrains, "each core turned by an angle against its gradient", "Sun, Ran, Su 2020"},
    {"recanonical_adam", kTrains, "Adam core by core, cores made orthogonal now and then", ""}};

/// The options of which a spec says nothing.
std::vector<std::string> options_beside(const std::string& name, const std::string& spec) {
  std::vector<std::string> beside;
  for (const auto& key : optimiser_options(name)) {
    const auto written = key + "=";
    const bool said =
        spec.find("(" + written) != spec.npos || spec.find("," + written) != spec.npos;
    if (!said && std::find(beside.begin(), beside.end(), key) == beside.end())
      beside.push_back(key);
  }
  return beside;
}

}  // namespace

std::vector<CatalogueEntry> optimiser_catalogue() {
  std::vector<CatalogueEntry> all;
  const auto unbounded = fmt::format(",cap={}", std::numeric_limits<std::int64_t>::max());
  for (const auto& [name, moves, summary, source] : kKnown) {
    auto spec = make_optimiser(name)->spec();
    if (const auto at = spec.find(unbounded); at != std::string::npos)
      spec.erase(at, unbounded.size());
    all.push_back({name, moves, summary, source, spec, options_beside(name, spec)});
  }
  return all;
}

}  // namespace ranklens::optim
