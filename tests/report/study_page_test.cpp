#include "ranklens/report/study_page.h"

#include <algorithm>

#include <ATen/ops/arange.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "study/cells.h"

namespace ranklens::report {
namespace {

using ::testing::HasSubstr;

study::Selection two_images() {
  study::Selection selection;
  selection.data.images = at::arange(2 * 3 * 16).view({2, 3, 4, 4}).to(at::kByte);
  selection.data.labels = at::tensor({1, 0}, at::kLong);
  selection.data.masks = at::zeros({2, 4, 4}, at::kByte);
  selection.data.classes = {"cat", "frog"};
  selection.items = {64, 70};
  selection.groups = {{"items 64 and 70", 2}};
  return selection;
}

study::Pictures pictures() {
  const at::Tensor maps = at::linspace(0, 1, 32).reshape({2, 4, 4});
  return {.seed = 1,
          .maps = {{"gradcam", maps}, {"smoothgrad", maps}},
          .values = {{"gradcam", {{"gini", at::tensor({0.25, 0.5}, at::kFloat)}}}},
          .predicted = at::tensor({1, 1}, at::kLong),
          .probability = at::tensor({0.75, 0.5}, at::kFloat)};
}

study::Results results(double level, std::size_t seeds = 5) {
  const auto config = study::two_arms(seeds);
  study::Results results;
  results.config = config;
  results.cells = study::made_up_cells(config, level);
  results.pictures = {{"dense", pictures()}, {"tt", pictures()}};
  results.speeds = {{"dense", {.forward = 200, .training = 100, .run = "a"}},
                    {"tt", {.forward = 100, .training = 150, .run = "a"}}};
  results.answers = study::answer(config, results.cells);
  return results;
}

const Table& table_of(const std::vector<Table>& all, const std::string& id) {
  return *std::find_if(all.begin(), all.end(), [&](const Table& t) { return t.id == id; });
}

TEST(StudyPage, SaysWhatIsBlankAndWhatWasComputedDifferently) {
  auto mixed = results(0.1);
  mixed.cells[0].provenance["threads"] = "2";
  mixed.cells[1].blank["gradcam"] = 3;
  const auto data = study_page(mixed, two_images(), "ranklens study");
  ASSERT_EQ(data.notes.size(), 3u);
  EXPECT_THAT(data.notes[1], HasSubstr("3 of the 10 Grad-CAM maps of TT (published head), "));
  EXPECT_THAT(data.notes[2], HasSubstr("threads: "));
}

TEST(StudyPage, ShowsVerdictsArmsCurvesScoresMapsAndStages) {
  const auto data = study_page(results(0.1), two_images(), "ranklens study");
  EXPECT_EQ(data.command, "ranklens study");
  EXPECT_THAT(data.lead, HasSubstr("5 seeds"));
  ASSERT_EQ(data.notes.size(), 1u);
  EXPECT_THAT(data.notes[0], HasSubstr("8 claims are judged"));

  ASSERT_EQ(data.verdicts.size(), 8u);
  EXPECT_EQ(data.verdicts.front().verdict.outcome, study::Outcome::supported);
  EXPECT_EQ(data.verdicts.front().accuracy_matched, study::Outcome::contradicted);
  EXPECT_EQ(data.verdicts.front().accuracy_note, "60.10\u00A0% against 50.12\u00A0%");
  EXPECT_THAT(data.verdicts.front().measure, HasSubstr(", TT (published head) − dense"));

  ASSERT_EQ(data.arms.size(), 2u);
  EXPECT_TRUE(data.arms[0].reference);
  EXPECT_FALSE(data.arms[1].reference);
  EXPECT_EQ(data.arms[1].parameters.mean, 100);
  EXPECT_DOUBLE_EQ(data.arms[1].compression.value(), 0.9);
  EXPECT_EQ(data.arms[1].description, "tt(r=2)");
  EXPECT_EQ(data.arms[1].training_speed.mean, 150);
  EXPECT_EQ(data.arms[1].accuracy.count, 5);
  EXPECT_NEAR(data.arms[1].accuracy.mean, 0.601, 1e-3);

  ASSERT_EQ(data.curves.size(), 10u);
  EXPECT_EQ(data.curves[1].epoch, (std::vector<double>{1, 2}));
  EXPECT_EQ(data.curves[1].seconds, (std::vector<double>{1.5, 3}));

  const auto& controls = data.methods;
  EXPECT_EQ(std::count_if(controls.begin(), controls.end(), [](auto& m) { return m.control; }), 3);
  EXPECT_FALSE(controls[0].control);
  const auto score = std::find_if(data.scores.begin(), data.scores.end(), [](const Score& s) {
    return s.arm == "tt" && s.method == "gradcam";
  });
  ASSERT_NE(score, data.scores.end());
  EXPECT_NEAR(score->values.at("gini").mean, 0.501, 1e-3);
  EXPECT_EQ(score->values.at("gini").count, 5);

  ASSERT_EQ(data.images.size(), 2u);
  EXPECT_EQ(data.images[1].title, "70");
  EXPECT_EQ(data.images[0].label, "frog");
  EXPECT_EQ(data.maps.size(), 2u * 2 * 2);
  EXPECT_EQ(data.grids.size(), 2u);
  EXPECT_THAT(data.grids[0].note, HasSubstr("; the networks of seed 1. Choose"));
  ASSERT_EQ(data.predictions.size(), 2u * 2);
  EXPECT_EQ(data.predictions[0].classes[0], (std::pair<std::string, double>{"frog", 0.75}));
  EXPECT_NE(page(data).find("TT (published head)"), std::string::npos);
}

TEST(StudyPage, EntropiesOfTheHeadAreChartsOfTheArmsThatHaveThem) {
  auto given = results(0.1);
  EXPECT_TRUE(study_page(given, two_images(), "").charts.empty());
  for (auto& cell : given.cells) {
    if (cell.arm != "tt") continue;
    for (auto& epoch : cell.history)
      epoch.observed = {{"entropy bond 1", 0.5 * static_cast<double>(epoch.epoch)},
                        {"entropy core 2", 1.25}};
  }
  given.cells.back().history.front().observed.clear();  // begun by an earlier version
  const auto data = study_page(given, two_images(), "");
  ASSERT_EQ(data.charts.size(), 2U);
  EXPECT_EQ(data.charts[0].id, "entropy-bond-1");
  EXPECT_EQ(data.charts[0].title, "Entropy of bond 1 of the head");
  EXPECT_EQ(data.charts[0].y_title, "entropy (nats)");
  ASSERT_EQ(data.charts[0].lines.size(), 5U);
  EXPECT_EQ(data.charts[0].lines[0].arm, "tt");
  EXPECT_EQ(data.charts[0].lines[0].x, (std::vector<double>{1, 2}));
  EXPECT_EQ(data.charts[0].lines[0].y, (std::vector<double>{0.5, 1}));
  EXPECT_EQ(data.charts[0].lines[4].x, (std::vector<double>{2}));
  EXPECT_THAT(data.chart_note, HasSubstr("Not recorded for dense."));
  EXPECT_THAT(page(data), HasSubstr("Entanglement of the head"));
  const auto csv = to_csv(table_of(tables(data), "chart-entropy-bond-1"));
  EXPECT_THAT(csv, HasSubstr("arm,seed,epoch,entropy (nats)"));
  EXPECT_THAT(csv, HasSubstr("TT (published head),1,1,0.5"));
}

TEST(StudyPage, SaysWhichIntervalsAreCut) {
  auto given = results(0.1, 2);
  const auto notes_of = [&] {
    return ::testing::PrintToString(study_page(given, two_images(), "").notes);
  };
  EXPECT_THAT(notes_of(), ::testing::Not(HasSubstr("Intervals are cut")));
  given.cells[1].accuracy = 0.9, given.cells[3].accuracy = 0.99;
  given.cells[0].scores["gradcam"]["mass_accuracy"] = 0.001;
  const auto data = study_page(given, two_images(), "");
  EXPECT_THAT(notes_of(), HasSubstr("Intervals are cut where the number ends (Accuracy"));
  EXPECT_THAT(notes_of(), HasSubstr(" Mass inside the mask): Student's t"));
  EXPECT_EQ(data.arms[1].accuracy.high, 1);
  EXPECT_GT(data.arms[1].accuracy.low, 0);
}

TEST(StudyPage, MapsWithAFewLargeValuesAreDrawnWithoutThem) {
  auto given = results(0.1);
  EXPECT_THAT(study_page(given, two_images(), "").grids[0].note,
              ::testing::Not(HasSubstr(kOutliersNote)));
  auto maps = at::linspace(0, 1, 2 * 400).reshape({2, 20, 20});
  maps[1][3][4] = 1000;
  given.pictures.at("tt").maps["smoothgrad"] = maps;
  const auto data = study_page(given, two_images(), "");
  EXPECT_THAT(data.grids[0].note, HasSubstr(kOutliersNote));
  const auto drawn = std::find_if(data.maps.begin(), data.maps.end(), [](const Map& map) {
    return map.arm == "tt" && map.method == "smoothgrad" && map.image == "i1";
  });
  ASSERT_NE(drawn, data.maps.end());
  EXPECT_NEAR(drawn->picture.high, 1, 0.02);
}

TEST(StudyPage, AccuracyIsSaidInPercentagePoints) {
  const auto data = study_page(results(-0.1), two_images(), "ranklens study");
  const auto& kept = data.verdicts.back();
  EXPECT_EQ(kept.unit, "percentage points");
  EXPECT_THAT(kept.verdict.reason, HasSubstr("is −10 percentage points over 5 seeds"));
  EXPECT_THAT(kept.verdict.reason, HasSubstr("lies below −2"));
  EXPECT_EQ(kept.claim.threshold, -2);
}

TEST(StudyPage, CellsWithoutPredictionsAndMapsOfSeveralSeedsAreShown) {
  auto mixed = results(0.1);
  mixed.pictures.at("tt").seed = 4;
  mixed.pictures.at("tt").predicted = at::Tensor();
  const auto data = study_page(mixed, two_images(), "");
  EXPECT_THAT(
      data.grids[0].note,
      HasSubstr(
          "no seed is finished in every arm: dense of seed 1; TT (published head) of seed 4"));
  EXPECT_EQ(data.predictions.size(), 2u);
  EXPECT_NO_THROW(page(data));
}

TEST(StudyPage, SpeedsOfDifferentRunsAreNotDivided) {
  const auto arms_of = [](const std::string& dense, const std::string& tt) {
    auto given = results(0.1);
    given.speeds.at("dense").run = dense;
    given.speeds.at("tt").run = tt;
    return to_csv(table_of(tables(study_page(given, two_images(), "")), "arms"));
  };
  EXPECT_THAT(arms_of("a", "a"), HasSubstr(",100,,,0,0.5,150,,,0,1.5,"));
  for (const auto& csv : {arms_of("a", "b"), arms_of("", "")}) {
    EXPECT_THAT(csv, HasSubstr(",100,,,0,not comparable,150,,,0,not comparable,"));
    EXPECT_THAT(csv, HasSubstr(",200,,,0,1,100,,,0,1,")) << "itself";
  }
}

TEST(StudyPage, SaysHowManyImagesAreLeftOut) {
  auto given = results(0.1);
  given.cells[2].left_out = {{"gradcam", {{"mass_accuracy", 1}, {"deletion", 2}}},
                             {"random", {{"roc_auc", 1}}}};
  const auto notes = ::testing::PrintToString(study_page(given, two_images(), "").notes);
  EXPECT_THAT(notes, HasSubstr("Localisation leaves out 1 of 2 images: a mask that is empty"));
  EXPECT_THAT(notes, HasSubstr("Deletion, probability: 2 of 2 images have no finite value"));
}

TEST(StudyPage, SaysFirstThatNothingWasTrainedToItsEnd) {
  auto failed = results(0.1, 2);
  for (auto& cell : failed.cells) cell.failure = "the loss became nan";
  failed.answers = study::answer(failed.config, failed.cells);
  const auto data = study_page(failed, two_images(), "");
  EXPECT_EQ(data.notes.at(0), "Nothing is compared: all 4 trainings diverged.");
  failed.cells[0].failure.clear();
  EXPECT_THAT(::testing::PrintToString(study_page(failed, two_images(), "").notes),
              ::testing::Not(HasSubstr("Nothing is compared")));
}

TEST(StudyPage, SaysWhetherTheStagesAreAll) {
  auto given = results(0.1);
  EXPECT_THAT(study_page(given, two_images(), "").stage_note, HasSubstr("an earlier version"));
  for (auto& cell : given.cells) cell.seconds["other"] = 0.5;
  EXPECT_THAT(study_page(given, two_images(), "").stage_note, HasSubstr("add up to the time"));
}

TEST(StudyPage, TablesBecomeCsv) {
  const auto all = tables(study_page(results(0.1), two_images(), "ranklens study"));
  const auto stages = to_csv(table_of(all, "stages"));
  // Three stages of 3, 1 and 2 seconds, five seeds, two arms.
  EXPECT_THAT(stages, HasSubstr("train,15,15,30"));
  EXPECT_THAT(stages, HasSubstr("measure,10,10,20"));
  EXPECT_THAT(stages, HasSubstr("total,30,30,60"));
  EXPECT_THAT(to_csv(table_of(all, "configuration")), HasSubstr("smoothgrad(samples=4)"));
  for (const auto& one : all) EXPECT_FALSE(to_csv(one).empty()) << one.id;
}

TEST(StudyPage, SaysWhatAReaderMustKnow) {
  auto given = results(0.1, 3);
  given.config.epochs = 1;
  given.config.full_epochs = 9;
  given.cells[1].failure = "the loss became nan";
  given.cells.pop_back();
  given.answers = study::answer(given.config, given.cells);
  const auto data = study_page(given, two_images(), "");
  const auto notes = ::testing::PrintToString(data.notes);
  EXPECT_THAT(notes, HasSubstr("5 of 6 runs are finished"));
  EXPECT_THAT(notes, HasSubstr("1 of the recipe's 9 epochs"));
  EXPECT_THAT(notes, HasSubstr("at least 5 seeds"));
  EXPECT_THAT(notes, HasSubstr("tt-s1: the loss became nan"));
  EXPECT_EQ(data.arms[1].accuracy.count, 1);
  EXPECT_NO_THROW(page(data));
}

TEST(StudyPage, RefusesNothing) {
  auto empty = results(0);
  empty.cells.clear();
  empty.pictures.clear();
  empty.speeds.clear();
  empty.answers = study::answer(empty.config, {});
  EXPECT_NO_THROW(page(study_page(empty, two_images(), "")));

  auto failed = results(0);
  for (auto& cell : failed.cells) {
    cell.failure = "the loss became nan";
    cell.history.clear();
    cell.scores.clear();
    cell.agreement.clear();
  }
  failed.answers = study::answer(failed.config, failed.cells);
  failed.pictures.erase("tt");
  EXPECT_NO_THROW(page(study_page(failed, two_images(), "")));

  auto one = results(0, 1);
  one.config.arms = {"dense"};
  one.answers = study::answer(one.config, one.cells);
  one.cells.pop_back();
  one.pictures.erase("tt");
  auto images = two_images();
  images.data.masks = at::Tensor();
  EXPECT_NO_THROW(page(study_page(one, images, "")));
  EXPECT_NO_THROW(plain_page(study_page(one, images, "")));
}

}  // namespace
}  // namespace ranklens::report
