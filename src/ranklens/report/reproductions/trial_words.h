#pragma once

#include <string>
#include <vector>

namespace ranklens::report {

/// What only people know of an experiment.
struct TrialWords {
  const char *title, *lead;
  std::vector<std::string> notes = {};
};

/// Of an experiment of study::reproductions::all(), by its name.
const TrialWords& trial_words(const std::string& experiment);

/// What an arm is, where its name does not say; else "".
std::string arm_words(const std::string& experiment, const std::string& arm);

}  // namespace ranklens::report
