// Results in docs/results against the code of today: cells give the verdicts that stand there, and
// these say what the experiments are for.
#include <algorithm>
#include <filesystem>
#include <map>
#include <string>

#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/files.h"
#include "ranklens/base/json.h"
#include "ranklens/report/reproductions/born_machine_page.h"
#include "ranklens/report/reproductions/timings_page.h"
#include "ranklens/report/reproductions/trials_page.h"
#include "ranklens/report/study_page.h"
#include "ranklens/report/table.h"
#include "ranklens/study/folder.h"
#include "ranklens/study/rates.h"
#include "ranklens/study/run.h"

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

/// A table of the page as its file has it.
std::string csv_in(const ReportData& page, const std::string& id) {
  for (const auto& table : tables(page))
    if (table.id == id) return to_csv(table);
  return "";
}

std::string verdicts_in(const ReportData& page) { return csv_in(page, "verdicts"); }

/// Whatever a page refers to must be there: an Error where it is not.
void expect_whole(const ReportData& page, const std::string& name) {
  const ranklens::testing::TemporaryFolder folder;
  EXPECT_NO_THROW(write_page(folder.path() / "report.html", page)) << name;
}

std::string committed_verdicts(const std::string& name, const std::string& file = "verdicts.csv") {
  return base::read_file(results_of(name) / file);
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

// At ranks up to an eighth of the batch a step's factorisations are a small part of it, and what it
// holds at once follows the rank.
TEST(CommittedResults, OfTimingsHaveCheapFactorisationsAndLittleMemory) {
  constexpr std::int64_t kUpTo = 256 / 8;
  std::size_t steps = 0;
  for (const auto& [name, cell] : committed_cells("timings").cells) {
    if (cell.at("rank").get<std::int64_t>() > kUpTo) continue;
    for (const auto& method : study::timings::methods()) {
      if (method.dense) continue;
      const auto& step = cell.at("train").at(method.id);
      EXPECT_LE(step.at("factorising").get<double>(), 0.25) << name << ' ' << method.id;
      EXPECT_LE(step.at("bytes").get<double>(), 0.3 * cell.at("dense bytes").get<double>())
          << name << ' ' << method.id;
      ++steps;
    }
  }
  EXPECT_EQ(steps, 4 * (study::timings::methods().size() - 1));
}

// E5, as far as it was run, and the others that are made of trainings.
TEST(CommittedResults, AreWhatTheirCellsSay) {
  for (const std::string name : {"train-from-prune", "novikov-mnist", "mps-mnist",
                                 "fine-tune-effect", "uv-vs-dlrt", "mlp-dlrt"}) {
    ASSERT_TRUE(fs::exists(results_of(name) / "cells")) << name;
    const auto cells = committed_cells(name);
    EXPECT_FALSE(cells.cells.empty()) << name;
    const auto page = trials_page(whole(name), cells, "");
    expect_whole(page, name);
    EXPECT_EQ(verdicts_in(page), committed_verdicts(name)) << name;
  }
}

// Of as many images as the whole experiment has; what they show plays no part here.
TEST(CommittedResults, OfTheBornMachineAreWhatTheirCellsSay) {
  study::born_machine::Options options;
  options.images.images = at::zeros({7200, 1, 1, 1}, at::kByte);
  const auto page = born_machine_page(options, committed_cells("born-machine"), "");
  EXPECT_EQ(verdicts_in(page), committed_verdicts("born-machine"));
  EXPECT_EQ(csv_in(page, "likelihoods"),
            base::read_file(results_of("born-machine") / "likelihoods.csv"));
  expect_whole(page, "born-machine");
  EXPECT_EQ(page.verdicts.size(), 4U);
}

/// The preset with what the command of a folder's README asks for beside it; of a folder within
/// another, that one's preset on the data of its name.
study::Config committed_study(const std::string& name) {
  const auto slash = name.find('/');
  auto config = study::preset(name.substr(0, slash));
  if (slash != std::string::npos) config.data = name.substr(slash + 1);
  const auto there = base::read_json(results_of(name) / "study.json");
  config.epochs = there.at("epochs").get<std::int64_t>();
  config.compute = there.value("compute", config.compute);
  if (name == "mps-optimisers") config.data = "mnist:anywhere";  // of which the name counts
  if (name.starts_with("cifar-dlrt")) {
    config.arms = {"full", "tau-0.04", "tau-0.12", "tau-0.2"};
    config.seeds = {1, 2, 3};
  }
  return config;
}

// Today's presets would go on with these folders: each cell was made under the configuration that
// they give, at the learning rate that the trainings beside it choose.
TEST(CommittedResults, OfStudiesAreCellsOfTheirPresets) {
  for (const std::string name :
       {"hackathon", "tt-optimisers", "mps-optimisers", "cifar-dlrt", "cifar-dlrt/scenes"}) {
    SCOPED_TRACE(name);
    const auto folder = results_of(name);
    const auto config = committed_study(name);
    EXPECT_NO_THROW(study::check(config));
    EXPECT_NO_THROW(study::check_folder(config, folder));
    int cells = 0;
    for (const auto& file : fs::directory_iterator(folder / "cells")) {
      if (file.path().extension() != ".json") continue;
      SCOPED_TRACE(file.path().string());
      const auto read = study::read_cell(base::read_json(file.path()), "a cell");
      const auto cell = study::find_cell(config, folder, read.arm, read.seed);
      ASSERT_TRUE(cell);
      EXPECT_EQ(study::cell_name(read.arm, read.seed), file.path().stem().string());
      EXPECT_EQ(cell->rate, study::chosen_rate(config, folder, read.arm));
      ++cells;
      if (name == "mps-optimisers" && read.arm == "riemannian-sgd") {
        EXPECT_THAT(cell->failure, ::testing::HasSubstr("clip the gradients"));
        continue;
      }
      EXPECT_EQ(cell->failure, "");
      EXPECT_EQ(std::ssize(cell->history), config.epochs);
      EXPECT_TRUE(cell->scores.contains(name == "mps-optimisers" ? "saliency" : "gradcam"));
    }
    EXPECT_GT(cells, 0);
  }
}

TEST(CommittedResults, OfWholeStudiesGiveTheirVerdicts) {
  for (const std::string name :
       {"tt-optimisers", "mps-optimisers", "cifar-dlrt", "cifar-dlrt/scenes"}) {
    SCOPED_TRACE(name);
    const auto page = study_page(study::load(committed_study(name), results_of(name)), {}, "");
    EXPECT_EQ(verdicts_in(page), committed_verdicts(name));
    expect_whole(page, name);
  }
}

// Against Adam at the factor 3, where these five are, and not at the 9 that one seed chose for it,
// no loss falls faster: what stands in verdicts.csv is the rate's doing.
TEST(CommittedResults, OfTensorTrainsAtOneFactorAreHeldAgainstAdamThere) {
  const auto folder = results_of("tt-optimisers");
  auto config = committed_study("tt-optimisers");
  config.arms = {"adam", "recanonical", "riemannian-adam", "riemannian-cg", "dmrg", "tsgo"};
  auto at_three = config;
  at_three.arms = {"adam"}, at_three.rates = {3};
  auto results = study::load(config, folder);
  std::erase_if(results.cells, [](const auto& cell) { return cell.arm == "adam"; });
  for (const auto& cell : results.cells) EXPECT_EQ(cell.rate, 3) << cell.arm;
  for (const auto& cell : study::load(at_three, folder / "adam-at-3").cells) {
    EXPECT_EQ(cell.rate, 3);
    results.cells.push_back(cell);
  }
  results.answers = study::answer(config, results.cells);
  const auto page = study_page(results, {}, "");
  EXPECT_EQ(verdicts_in(page), committed_verdicts("tt-optimisers", "verdicts-at-3.csv"));
}

// The same cells, those of descent alone: their trunk goes by descent, too.
TEST(CommittedResults, OfTensorTrainsByDescentAreHeldAgainstDescent) {
  auto config = committed_study("tt-optimisers");
  config.arms = {"sgd", "riemannian-sgd", "riemannian-cg"};
  const auto page = study_page(study::load(config, results_of("tt-optimisers")), {}, "");
  EXPECT_EQ(verdicts_in(page), committed_verdicts("tt-optimisers", "verdicts-against-sgd.csv"));
}

}  // namespace
}  // namespace ranklens::report
