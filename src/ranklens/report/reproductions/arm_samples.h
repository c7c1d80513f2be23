#pragma once

#include <string>
#include <vector>

#include "ranklens/report/reproductions/experiment_parts.h"
#include "ranklens/report/reproductions/trial_values.h"
#include "ranklens/study/training/reproductions.h"

/// What claims about trainings are made of; for the sources of this folder.
namespace ranklens::report {

/// An experiment and what of it is there.
struct Repeated {
  const study::reproductions::Reproduction& reproduction;
  const study::ExperimentResults& results;
};

/// Values of an arm by seed, in percentage points, and what of it was lost.
struct ArmSample {
  std::string name;
  std::vector<study::SeedValue> values = {};
  std::vector<std::string> lost = {};
};
ArmSample sample_of(const Repeated& repeated, const std::string& arm, const TrialNumber& number);

/// The table that an arm is of, whose arms differ in their tolerance, or in the size that they come
/// down to: "w500-tau" of "w500-tau-0.03" and "w500-tau-0.01-to-2000", "" of an arm without one.
std::string table_of(const std::string& arm);
bool comes_to_a_size(const std::string& arm);

/// "1 epoch", "4 epochs".
std::string epochs_in_words(std::int64_t epochs);

/// A claim in percentage points that needs as many seeds as the whole experiment has of the arm.
study::Claim claim_on(const Repeated& repeated, const std::string& arm, std::string text,
                      study::Relation relation = study::Relation::greater, double threshold = 0);

/// first - second, paired by seed; the measure is "WHAT, FIRST − SECOND".
Verdict judged(const study::Claim& claim, const ArmSample& first, const ArmSample& second,
               const std::string& what = "accuracy on the test images");
/// first - a printed accuracy (a share) over `runs`.
Verdict judged(const study::Claim& claim, const ArmSample& first,
               const study::reproductions::PublishedAccuracy& printed, std::int64_t runs);

}  // namespace ranklens::report
