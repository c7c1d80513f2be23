#pragma once

#include <string>
#include <vector>

#include "ranklens/base/progress.h"
#include "ranklens/nn/network.h"
#include "ranklens/tn/analysis/entropy.h"

namespace ranklens::compress {

/// The entanglement across one cut of a weight's indices in two.
struct CutEntropy {
  std::string series;       ///< "bond 1", "own bond 1", "outputs | inputs", "inputs | rest"
  std::string cut;          ///< "8x16 | 4x16 4x8": pairs of output and input modes on both sides
  std::int64_t most = 1;    ///< the rank that a dense weight can have there, whatever the format
  tn::BondEntropy entropy;  ///< its Schmidt values are as many as the cut's rank

  std::int64_t rank() const { return entropy.schmidt.numel(); }
  /// The entropy over that of a dense weight whose Schmidt values are all equal, ln of `most`, so
  /// that weights of all formats are measured alike; 0 where there is nothing to share.
  double share() const;
};

struct WeightEntropies {
  std::string layer;
  nn::Shape shape;               ///< of the dense tensor
  std::string spec;              ///< how it is stored
  std::string reshaped;          ///< the modes of the train that it is read as, unless its own
  std::vector<CutEntropy> cuts;  ///< none for a weight of zeros, which has no entropy
};

/// How entangled the weights that may be stored in factors are, as operators of norm one
/// (tn/analysis). Whatever the format, so that a weight can be compared before and after it was
/// compressed: the bonds of the train of balanced modes that `tt` would make of it
/// (nn::with_modes), outputs against everything else, and for a kernel with a window inputs against
/// everything else. A train of those modes gives its bonds from its cores; one of other modes has
/// its own bonds, too, and these alone where the machine's memory cannot hold the dense weight.
/// Everything else is multiplied out, in double precision. Nothing is changed.
/// Errors name the layer.
std::vector<WeightEntropies> weight_entropies(const nn::Network& network, double alpha = 2,
                                              const base::Progress& progress = {});

/// The same of one weight, as `layer`.
WeightEntropies entropies_of(const std::string& layer, const nn::Weight& weight, double alpha = 2);

}  // namespace ranklens::compress
