#pragma once

#include <string>
#include <vector>

#include "ranklens/base/progress.h"
#include "ranklens/compress/scheme.h"
#include "ranklens/nn/network.h"

namespace ranklens::compress {

/// What became of one layer's weight.
struct CompressedLayer {
  std::string layer{};  ///< the node's name
  nn::Shape shape{};
  std::string spec{};                  ///< of what is stored now
  std::string refused{};               ///< what the scheme asked for, where it saves nothing
  std::int64_t refused_numbers = 0;    ///< what that would take; 0: more than was looked at
  std::int64_t before = 0, after = 0;  ///< stored numbers
  double error = 0;                    ///< relative Frobenius
};

struct Compressed {
  nn::Network network;
  std::vector<CompressedLayer> layers;  ///< those that may be stored in factors, in order
};

/// The network with weights of its linear and convolutional layers stored in factors as the scheme
/// says; biases, norms and everything else are as they were, and nothing is trained. Weights that
/// are in factors already are multiplied out first. Where the factors would be no fewer numbers
/// than the weight is now, it is left as it is, unless the scheme says `even_if_larger`. Error for
/// a rule that matches no layer, or one that does not fit its layer, naming it.
Compressed compress(const nn::Network& network, const Scheme& scheme,
                    const base::Progress& progress = {});

}  // namespace ranklens::compress
