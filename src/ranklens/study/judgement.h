#pragma once

#include <span>

#include "ranklens/study/verdict.h"

namespace ranklens::study {

/// What judge() makes of a difference once it is summarised, whichever way that was done. Of
/// `about` it takes names, what was lost, epochs and unpaired seeds.
Verdict judged_difference(const Claim& claim, const Summary& difference, double effect,
                          const PairedSamples& about, std::span<const PairedSamples> controls = {});

}  // namespace ranklens::study
