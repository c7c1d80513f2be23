#pragma once

#include <cstdint>

#include "ranklens/data/dataset.h"

namespace ranklens::study {

/// The images of one training: trained on, chosen by (may be empty), and told of at the end.
struct TrialData {
  data::Dataset training, validation, test;
};

/// All images mixed by the seed and divided anew, class by class: of each class the share
/// `validation` is chosen by and the share `test` told of, both in [0, 1) and together below 1.
TrialData split_anew(const data::Dataset& all, double validation, double test, std::uint64_t seed);

}  // namespace ranklens::study
