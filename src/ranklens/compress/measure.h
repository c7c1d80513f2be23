#pragma once

#include <vector>

#include "ranklens/compress/candidates.h"

namespace ranklens::compress {

/// Computes the error of an estimated candidate of the weight: a train's as it is stored, of a CP
/// form what a few sweeps of alternating least squares reach; more sweeps, as decompose_weight()
/// makes, only come closer. With each CP error the estimates of the other numbers of terms become
/// better.
void measure(const at::Tensor& dense, std::vector<Candidate>& candidates, std::size_t place);

/// Guesses the errors of CP forms that were not computed: as many times the least error of low rank
/// and Tucker forms of no more numbers as for the computed ones beside, but never below
/// Candidate::least.
void estimate_terms(std::vector<Candidate>& candidates);

}  // namespace ranklens::compress
