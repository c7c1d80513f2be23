// The rows that repeated trainings are held against, as the literature's notes have them.
#include <cmath>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "ranklens/base/error.h"
#include "ranklens/study/training/reproductions.h"

namespace ranklens::study::reproductions {
namespace {

const Options kSmoke{.extent = Extent::smoke};

const Published& row_of(const Reproduction& made, const std::string& arm) {
  for (const auto& row : made.published) {
    if (row.arm == arm) return row;
  }
  base::fail("no row '{}'", arm);
}

TEST(PublishedRows, OfLenetAreCountedFromTheirRanks) {
  const auto made = lenet_dlrt(kSmoke);
  ASSERT_EQ(made.published.size(), 9U);
  struct Line {
    const char* arm;
    double accuracy, deviation;
    std::int64_t stored;
    double saved;  // in percent
  };
  for (const auto& line :
       {Line{"tau-0.09", 98.161, .260, 98700, 77.1}, Line{"tau-0.11", 98.212, .438, 78850, 81.7},
        Line{"tau-0.13", 97.872, .489, 62305, 85.5}, Line{"tau-0.15", 98.139, .329, 50605, 88.2},
        Line{"tau-0.2", 98.115, .343, 29260, 93.2}, Line{"tau-0.3", 97.451, .484, 18880, 95.6},
        Line{"tau-0.4", 95.967, .949, 12490, 97.1}, Line{"tau-0.45", 94.068, .486, 10090, 97.7}}) {
    const auto& row = row_of(made, line.arm);
    EXPECT_NEAR(100 * row.accuracy, line.accuracy, 1e-9) << line.arm;
    EXPECT_NEAR((1 - row.saved) * 430500, static_cast<double>(line.stored), 1e-6) << line.arm;
    EXPECT_NEAR(100 * row.saved, line.saved, 0.05) << line.arm;
    EXPECT_NEAR(100 * row.deviation, line.deviation * std::sqrt(5. / 4), 1e-9) << line.arm;
    EXPECT_EQ(row.runs, 5) << line.arm;
  }
  EXPECT_NEAR(row_of(made, "dense").accuracy, .98819, 1e-9);
}

TEST(PublishedRows, OfFactorsAreAfterSoManyEpochs) {
  const auto made = uv_vs_dlrt(kSmoke);
  ASSERT_EQ(made.published.size(), 6U);
  struct Line {
    const char* arm;
    std::vector<double> means, deviations;
  };
  const std::vector<std::int64_t> epochs{4, 5, 9, 10, 20};
  for (const auto& line :
       {Line{"bug-d1", {93.95, 95.06, 96.68, 96.91, 97.81}, {.56, .43, .21, .26, .14}},
        Line{"uv-as-coded-d1", {74.11, 79.30, 88.67, 89.76, 93.74}, {11.7, 10.1, 3.69, 3.27, 1.39}},
        Line{"bug-d2", {92.08, 93.61, 95.90, 96.32, 97.29}, {1.01, .66, .56, .55, .29}},
        Line{"uv-as-coded-d2", {42.81, 49.11, 76.97, 79.54, 90.91}, {16.7, 19.1, 8.37, 7.55, 2.46}},
        Line{"bug-d10", {90.69, 92.61, 95.69, 95.87, 97.07}, {1.33, 1.00, .57, .53, .65}},
        Line{"uv-as-coded-d10",
             {29.29, 35.94, 55.28, 60.33, 86.24},
             {5.86, 6.25, 12.6, 12.8, 4.56}}}) {
    const auto& row = row_of(made, line.arm);
    ASSERT_EQ(row.curve.size(), epochs.size());
    EXPECT_EQ(row.runs, 10);
    for (std::size_t k = 0; k < epochs.size(); ++k) {
      const auto& point = row.curve.at(epochs[k]);
      EXPECT_NEAR(100 * point.mean, line.means[k], 1e-9) << line.arm;
      // Printed with n, kept with n - 1.
      EXPECT_NEAR(100 * point.deviation, line.deviations[k] * std::sqrt(10. / 9), 1e-9) << line.arm;
    }
    EXPECT_EQ(row.accuracy, row.curve.at(20).mean);
  }
}

TEST(PublishedRows, OfDenseNetworksSaveWhatIsPrinted) {
  const auto made = mlp_dlrt(kSmoke);
  EXPECT_EQ(made.published.size(), 27U);
  const std::vector<std::string> thresholds{"0.03", "0.05", "0.07", "0.09",
                                            "0.11", "0.13", "0.15", "0.17"};
  struct Width {
    const char* name;
    double dense;
    std::vector<double> accuracy, saved;  // in percent
  };
  for (const auto& width : {Width{"w200",
                                  98.43,
                                  {97.42, 97.17, 97.15, 96.81, 96.76, 96.32, 96.30, 95.59},
                                  {25.2, 50.6, 67.1, 76.2, 80.5, 85.1, 86.2, 88.8}},
                            Width{"w500",
                                  98.54,
                                  {98.49, 98.56, 98.52, 98.34, 98.11, 97.50, 97.22, 96.90},
                                  {34.96, 61.55, 75.26, 82.57, 86.52, 89.22, 91.12, 92.44}},
                            Width{"w784",
                                  98.53,
                                  {98.61, 98.59, 98.58, 98.49, 98.12, 97.95, 97.81, 97.40},
                                  {51.37, 68.21, 78.70, 84.11, 88.62, 91.04, 93.01, 94.28}}}) {
    EXPECT_NEAR(100 * row_of(made, fmt::format("{}-dense", width.name)).accuracy, width.dense,
                1e-9);
    for (std::size_t k = 0; k < thresholds.size(); ++k) {
      const auto& row = row_of(made, fmt::format("{}-tau-{}", width.name, thresholds[k]));
      EXPECT_NEAR(100 * row.accuracy, width.accuracy[k], 1e-9) << row.arm;
      EXPECT_NEAR(100 * row.saved, width.saved[k], 0.06) << row.arm;
    }
  }
}

TEST(PublishedRows, OfTuningHaveBothPhases) {
  const auto made = fine_tune_effect(kSmoke);
  struct Line {
    const char* arm;
    double before, after, saved;
  };
  for (const auto& line : {Line{"lenet5", 44.0, 58.7, 82.7}, Line{"resnet20", 45.8, 64.2, 50.7},
                           Line{"vgg16", 39.5, 67.7, 91.1}, Line{"alexnet", 42.9, 58.6, 93.9}}) {
    const auto& row = row_of(made, line.arm);
    EXPECT_NEAR(100 * row.phases.at("adaptive").mean, line.before, 1e-9) << line.arm;
    EXPECT_NEAR(100 * row.phases.at("cores alone").mean, line.after, 1e-9) << line.arm;
    EXPECT_NEAR(100 * row.accuracy, line.after, 1e-9) << line.arm;
    EXPECT_NEAR(100 * row.saved, line.saved, 1e-9) << line.arm;
  }
}

}  // namespace
}  // namespace ranklens::study::reproductions
