#pragma once

#include <vector>

#include "ranklens/compress/candidates.h"

namespace ranklens::compress {

/// Computes the error of an estimated candidate of the weight: a train's as it is stored, of a CP
/// form what a few sweeps of alternating least squares reach; more sweeps, as decompose_weight()
/// makes, only come closer. With each CP error the estimates of the other numbers of terms become
/// better.
void measure(const at::Tensor& dense, std::vector<Candidate>& candidates, std::size_t place);

/// Guesses the errors of CP forms that were not computed, as low as the computed ones beside them
/// allow if each term gains no more than the one before it, but never below what the unfoldings of
/// the kernel allow: what such a guess hides could not be the better form.
void estimate_terms(const at::Tensor& dense, std::vector<Candidate>& candidates);

}  // namespace ranklens::compress
