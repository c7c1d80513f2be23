#include "ranklens/train/fit.h"

#include "ranklens/train/session.h"

namespace ranklens::train {

FitResult fit(const nn::Network& network, const data::Dataset& training,
              const data::Dataset& validation, const FitOptions& options) {
  return Session(network, training, validation, options).run();
}

}  // namespace ranklens::train
