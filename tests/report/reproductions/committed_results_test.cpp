// Results in docs/results against the code of today: cells give the verdicts that stand there, and
// these say what the experiments are for.
#include <algorithm>
#include <filesystem>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/files.h"
#include "ranklens/base/json.h"
#include "ranklens/report/reproductions/timings_page.h"
#include "ranklens/report/reproductions/trials_page.h"
#include "ranklens/report/table.h"

#include "paths.h"
#include "testing/temporary_folder.h"

namespace ranklens::report {
namespace {

namespace fs = std::filesystem;

using study::Outcome;

fs::path results_of(const std::string& name) {
  return fs::path(RANKLENS_SOURCE_DIR) / "docs" / "results" / name;
}

study::ExperimentResults committed_cells(const std::string& name) {
  study::ExperimentResults results;
  for (const auto& file : fs::directory_iterator(results_of(name) / "cells")) {
    const auto cell = base::read_json(file.path());
    results.cells[cell.at("cell")] = cell.at("result");
    results.seconds[cell.at("cell")] = cell.at("seconds");
  }
  return results;
}

/// The experiment in full, on images that nobody trains on here.
study::reproductions::Reproduction whole(const std::string& name) {
  const auto& all = study::reproductions::all();
  const auto entry =
      std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
  return entry->make({.data = "scenes:train=240,test=80,size=28"});
}

std::string verdicts_in(const ReportData& page) {
  for (const auto& table : tables(page))
    if (table.id == "verdicts") return to_csv(table);
  return "";
}

/// Whatever a page refers to must be there: an Error where it is not.
void expect_whole(const ReportData& page, const std::string& name) {
  const ranklens::testing::TemporaryFolder folder;
  EXPECT_NO_THROW(write_page(folder.path() / "report.html", page)) << name;
}

std::string committed_verdicts(const std::string& name) {
  return base::read_file(results_of(name) / "verdicts.csv");
}

// E3: above the published accuracy at the true count of weights, on every row from 77 to 98 %.
TEST(CommittedResults, OfLenetAreAboveEveryPublishedRow) {
  const auto page = trials_page(whole("lenet-dlrt"), committed_cells("lenet-dlrt"), "");
  EXPECT_EQ(verdicts_in(page), committed_verdicts("lenet-dlrt"));
  expect_whole(page, "lenet-dlrt");
  int rows = 0;
  for (const auto& verdict : page.verdicts) {
    if (verdict.claim.text.find("77 to 98") != std::string::npos) {
      EXPECT_EQ(verdict.verdict.outcome, Outcome::supported) << verdict.verdict.reason;
      EXPECT_GE(verdict.verdict.difference.count, 5);
      ++rows;
    }
  }
  EXPECT_EQ(rows, 1);
}

// E6: BUG of fixed rank breaks even at three times the published rank, predictions never lose.
TEST(CommittedResults, OfTimingsReachTheirTargets) {
  const auto page = timings_page({}, committed_cells("timings"), "");
  EXPECT_EQ(verdicts_in(page), committed_verdicts("timings"));
  expect_whole(page, "timings");
  EXPECT_EQ(page.verdicts.size(), 7U);
  for (const auto& verdict : page.verdicts) {
    EXPECT_EQ(verdict.verdict.outcome, Outcome::supported) << verdict.verdict.reason;
    EXPECT_THAT(verdict.verdict.reason, ::testing::HasSubstr(" repeats"));
  }
}

// E5, as far as it was run, and the others that are made of trainings.
TEST(CommittedResults, AreWhatTheirCellsSay) {
  for (const std::string name : {"train-from-prune", "novikov-mnist", "mps-mnist",
                                 "fine-tune-effect", "uv-vs-dlrt", "mlp-dlrt"}) {
    if (!fs::exists(results_of(name) / "cells")) continue;
    const auto page = trials_page(whole(name), committed_cells(name), "");
    expect_whole(page, name);
    if (!fs::exists(results_of(name) / "verdicts.csv")) continue;
    EXPECT_EQ(verdicts_in(page), committed_verdicts(name)) << name;
  }
}

}  // namespace
}  // namespace ranklens::report
