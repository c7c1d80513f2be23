#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ranklens/study/config.h"
#include "ranklens/study/run.h"

/// Arms that differ in their optimiser differ in their best learning rate, and a comparison at
/// rates that somebody guessed compares guesses. With Config::rates each arm trains at each factor
/// on its own rates from rate_seeds(), which no verdict sees, on nine tenths of the training
/// images; the last tenth of each class chooses, by the loss after the last epoch, the mean over
/// those seeds; a factor at which one of them diverges is passed over. While an arm's best is the
/// lowest or the highest of its factors, one beyond is tried, at the distance of the last two: else
/// arms would be compared by how well the factors were guessed. As many epochs as the study has:
/// what is best for fewer need not be best for all, least of all under a schedule.
namespace ranklens::study {

/// Whether there is something to choose.
bool chooses_rates(const Config& config);

/// An Error where the training images have no tenth to choose by.
void check_rates(const Config& config, const Material& material);

/// As many factors are tried beyond either end.
constexpr int kBeyond = 3;
/// The factor to try next of an arm: of `rates` one that is missing, then those beyond an end;
/// nothing where its rate is decided.
std::optional<double> next_rate(const std::vector<double>& rates,
                                const std::vector<RateTrial>& trials, const std::string& arm);

/// Makes the trainings that the folder lacks, FOLDER/rates/ARM-xFACTOR.json and, of further seeds,
/// ARM-xFACTOR-sSEED.json; any number of processes share them. Comes back early when
/// base::interrupted().
void try_rates(const Config& config, const RunOptions& options, const Material& material);

/// Those that the folder has, by arm, then by factor. An Error if one was made under another
/// configuration.
std::vector<RateTrial> find_rates(const Config& config, const std::filesystem::path& folder);

/// An Error if one of those was made on training images of another hash than `data`.
void require_rates_of(const Config& config, const std::filesystem::path& folder,
                      const std::string& data);

/// The factor of least loss among an arm's, the smallest of several such; 1 for none.
double best_rate(const std::vector<RateTrial>& trials, const std::string& arm);

/// The factor that an arm trains at: the best one, the only one, or 1. An Error while trials that
/// decide it are missing.
double chosen_rate(const Config& config, const std::filesystem::path& folder,
                   const std::string& arm);

}  // namespace ranklens::study
