#pragma once

#include <vector>

#include "ranklens/base/progress.h"
#include "ranklens/compress/candidates.h"

namespace ranklens::compress {

/// A form of each weight, which together store at most a share `ratio` of the weights' numbers, by
/// allocate(). What is chosen on a guess is computed and the choice made again, until nothing
/// chosen is a guess: forms that would not be chosen anyway cost no time.
std::vector<Candidate> choose(const std::vector<at::Tensor>& weights, double ratio,
                              const base::Progress& progress);

/// `done` of `total` layers.
void report_layers(const base::Progress& progress, const char* stage, std::size_t done,
                   std::size_t total);

}  // namespace ranklens::compress
