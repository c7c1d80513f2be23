#include "ranklens/report/labels.h"

#include <cctype>
#include <cmath>

#include <gtest/gtest.h>

#include "ranklens/explain/methods.h"
#include "ranklens/metrics/registry.h"

namespace ranklens::report {
namespace {

TEST(Labels, MethodsControlsAndPairsHaveNamesForPeople) {
  EXPECT_EQ(method_label("gradcam"), "Grad-CAM");
  EXPECT_EQ(method_label("centre_prior"), "Centre prior");
  EXPECT_EQ(method_label("gradcam untrained"), "Grad-CAM, untrained network");
  EXPECT_EQ(method_label("gradcam~smoothgrad"), "Grad-CAM with SmoothGrad");
  EXPECT_EQ(method_label("gradcam~smoothgrad untrained"),
            "Grad-CAM with SmoothGrad, untrained network");
  EXPECT_EQ(method_label("my_method"), "my method");
}

TEST(Labels, EveryRegisteredMethodAndMetricHasOne) {
  for (const auto& method : explain::methods())
    EXPECT_TRUE(std::isupper(method_label(method.name)[0])) << method.name;
  EXPECT_EQ(metric_label("mass_accuracy").label, "Mass inside the mask");
  EXPECT_EQ(metric_label("entropy").unit, "nats");
  EXPECT_EQ(metric_label("no_such_metric").label, "No such metric");
  for (const auto& metric : metrics::all()) {
    const std::string id(metric.name);
    std::string spaced = capitalised(id);
    for (char& c : spaced) c = c == '_' ? ' ' : c;
    const bool its_own = id == "cosine" || id == "entropy" || id == "pointing_game";
    // A label that is the id with spaces was most likely forgotten.
    EXPECT_TRUE(its_own || metric_label(id).label != spaced) << id;
  }
}

TEST(Labels, AnIntervalEndsWhereItsMetricDoes) {
  const auto pointing = within_bounds({.mean = 0.2, .low = -2.081, .high = 2.473}, "pointing_game");
  EXPECT_EQ(pointing.low, 0);
  EXPECT_EQ(pointing.high, 1);
  EXPECT_EQ(within_bounds({.low = -1.5, .high = 0.5}, "spearman").low, -1);
  EXPECT_EQ(within_bounds({.low = 0.1, .high = 7}, "entropy").high, 7);
  EXPECT_TRUE(std::isnan(within_bounds({.mean = 1}, "iou").low));
}

}  // namespace
}  // namespace ranklens::report
