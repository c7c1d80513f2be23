#include "ranklens/report/study_scores.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace ranklens::report {
namespace {

study::Cell cell(const std::string& arm, std::uint64_t seed, double mass) {
  study::Cell cell;
  cell.arm = arm;
  cell.seed = seed;
  cell.scores["gradcam"] = {{"mass_accuracy", mass}, {"deletion", mass / 2}};
  cell.scores["gradcam untrained"] = {{"mass_accuracy", 0.1}};
  cell.scores["sobel"] = {{"mass_accuracy", 0.2}, {"deletion", 0.9 + mass}};
  cell.agreement["gradcam~smoothgrad"] = {{"spearman", 0.3}};
  return cell;
}

ReportData data_of_two_arms() {
  study::Results results;
  results.config.arms = {"dense", "tt"};
  results.config.methods = {"gradcam(preset=captum)", "smoothgrad"};
  // The second seed of "dense" failed.
  results.cells = {cell("dense", 1, 0.4), cell("tt", 1, 0.59), cell("dense", 2, 0.0),
                   cell("tt", 2, 0.61)};
  results.cells[2].failure = "diverged";
  ReportData data;
  add_scores(results, data);
  return data;
}

const Score* score(const ReportData& data, const std::string& arm, const std::string& method) {
  const auto found = std::find_if(data.scores.begin(), data.scores.end(), [&](const Score& one) {
    return one.arm == arm && one.method == method;
  });
  return found == data.scores.end() ? nullptr : &*found;
}

TEST(StudyScores, MeansAreOverSeedsWithoutTheFailed) {
  const auto data = data_of_two_arms();
  const auto& dense = score(data, "dense", "gradcam")->values.at("mass_accuracy");
  EXPECT_EQ(dense.count, 1);
  EXPECT_DOUBLE_EQ(dense.mean, 0.4);
  EXPECT_TRUE(std::isnan(dense.low));
  // 0.6 -+ t(1) 0.01, t(1) = 12.7062.
  const auto& tt = score(data, "tt", "gradcam")->values.at("mass_accuracy");
  EXPECT_EQ(tt.count, 2);
  EXPECT_NEAR(tt.low, 0.6 - 0.127062, 1e-6);
  EXPECT_NEAR(tt.high, 0.6 + 0.127062, 1e-6);
}

TEST(StudyScores, AControlWithoutANetworkStandsOnceWhereNoNetworkIsAsked) {
  const auto data = data_of_two_arms();
  const Score* edges = score(data, "", "sobel");
  ASSERT_NE(edges, nullptr);
  EXPECT_EQ(edges->values.size(), 1u);
  EXPECT_EQ(edges->values.at("mass_accuracy").count, 2);  // both seeds, the second from "tt"
  // Faithfulness asks the network: each arm has its own.
  EXPECT_EQ(score(data, "dense", "sobel")->values.count("mass_accuracy"), 0u);
  EXPECT_NEAR(score(data, "tt", "sobel")->values.at("deletion").mean, 1.5, 1e-12);
  // An untrained network is a network of its arm.
  EXPECT_EQ(score(data, "", "gradcam untrained"), nullptr);
  EXPECT_NE(score(data, "tt", "gradcam untrained"), nullptr);
}

TEST(StudyScores, AgreementOnUntrainedNetworksIsAControl) {
  study::Results results;
  results.config.arms = {"dense"};
  results.config.methods = {"gradcam", "smoothgrad"};
  results.cells = {cell("dense", 1, 0.4)};
  results.cells[0].agreement["gradcam~smoothgrad untrained"] = {{"spearman", 0.1}};
  ReportData data;
  add_scores(results, data);
  const auto& last = data.methods.back();
  EXPECT_EQ(last.label, "Grad-CAM with SmoothGrad, untrained network");
  EXPECT_TRUE(last.control);
  EXPECT_EQ(score(data, "dense", last.id)->values.at("spearman").mean, 0.1);
}

TEST(StudyScores, MethodsComeFirstThenControlsAndPairsWithTheirLabels) {
  const auto data = data_of_two_arms();
  std::vector<std::string> labels;
  for (const auto& method : data.methods) labels.push_back(method.label);
  EXPECT_EQ(labels,
            (std::vector<std::string>{"Grad-CAM", "SmoothGrad", "Grad-CAM, untrained network",
                                      "Sobel edges", "Grad-CAM with SmoothGrad"}));
  EXPECT_FALSE(data.methods[0].control);
  EXPECT_TRUE(data.methods[2].control);
  EXPECT_TRUE(data.methods[3].control);
  EXPECT_FALSE(data.methods[4].control);
  ASSERT_EQ(data.metrics.size(), 3u);
  EXPECT_EQ(data.metrics[0].label, "Mass inside the mask");
  EXPECT_EQ(data.metrics[1].better, Better::Lower);  // deletion
}

}  // namespace
}  // namespace ranklens::report
