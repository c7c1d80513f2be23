#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ranklens/report/observed_charts.h"
#include "ranklens/report/page.h"
#include "ranklens/study/statistics.h"
#include "ranklens/study/training/trials.h"

/// Numbers of trials, by arm, for pages.
namespace ranklens::report {

/// A number of a cell's result; nothing where it is not there.
using TrialNumber = std::function<std::optional<double>(const nlohmann::json& result)>;

/// Of the network that a phase ("": the last) ended with.
TrialNumber test_accuracy(const std::string& phase = {});
/// What a phase began with: after a cut, before training.
TrialNumber test_accuracy_before(const std::string& phase);
/// 1 - stored / dense numbers of its weights.
TrialNumber saved_share();
/// On the test images after so many epochs of the last phase (for trials that follow them).
TrialNumber test_accuracy_after(std::int64_t epochs);

/// The arms of which a trial was asked for, in the order of the trials, each once; and all others.
std::vector<std::string> arms_of(const study::Trials& trials);
std::vector<std::string> arms_left_out(const study::Trials& trials);
/// The number for every seed of an arm that has it.
std::vector<study::SeedValue> values_of(const study::Trials& trials,
                                        const study::ExperimentResults& results,
                                        const std::string& arm, const TrialNumber& number);
/// Seeds of arms whose training diverged, a clause each.
std::vector<std::string> lost_seeds(const study::Trials& trials,
                                    const study::ExperimentResults& results,
                                    const std::vector<std::string>& arms);
/// Mean ranks of an arm's weights: "conv1 9.4, conv2 17.2".
std::string ranks_text(const study::Trials& trials, const study::ExperimentResults& results,
                       const std::string& arm);
/// One history a trial, of all its phases one after the other; where the trial followed the test
/// images, their accuracy stands for that on validation images.
std::vector<ObservedRun> histories_of(const study::Trials& trials,
                                      const study::ExperimentResults& results);

}  // namespace ranklens::report
