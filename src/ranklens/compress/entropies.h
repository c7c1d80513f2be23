#pragma once

#include <string>
#include <vector>

#include "ranklens/base/progress.h"
#include "ranklens/nn/network.h"
#include "ranklens/tn/analysis/entropy.h"

namespace ranklens::compress {

/// The entanglement across one cut of a weight's indices in two.
struct CutEntropy {
  std::string cut;        ///< "8x16 | 4x16 4x8": pairs of output and input modes on both sides
  std::int64_t most = 1;  ///< the rank that the cut can have in this format
  tn::BondEntropy entropy;

  /// The entropy over its largest value, ln of `most`; 0 where there is nothing to share.
  double share() const;
};

struct WeightEntropies {
  std::string layer;
  nn::Shape shape;               ///< of the dense tensor
  std::string spec;              ///< how it is stored
  std::string reshaped;          ///< of a dense weight: the train that it is read as, without ranks
  std::vector<CutEntropy> cuts;  ///< none for a weight of zeros, which has no entropy
};

/// How entangled the weights that may be stored in factors are, as operators of norm one
/// (tn/analysis). A train: its own bonds, from its cores. Low rank: the one bond, outputs against
/// inputs. Tucker and CP: outputs, and inputs, against everything else. A dense weight: the bonds
/// of the train of balanced modes that `tt` would make of it (nn::with_modes), so that both can be
/// compared, and outputs against inputs. Nothing is changed. Errors name the layer.
std::vector<WeightEntropies> weight_entropies(const nn::Network& network, double alpha = 2,
                                              const base::Progress& progress = {});

/// The same of one weight, as `layer`.
WeightEntropies entropies_of(const std::string& layer, const nn::Weight& weight, double alpha = 2);

}  // namespace ranklens::compress
