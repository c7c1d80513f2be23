#include "ranklens/report/compare_page.h"

#include <gmock/gmock.h>

#include "ranklens/data/open.h"
#include "ranklens/nn/zoo/zoo.h"

namespace ranklens::report {
namespace {

using ::testing::HasSubstr;

TEST(ComparePage, HoldsBothNetworksAndWhatMovedMost) {
  const auto set = data::open("scenes:train=20,test=12", {.split = data::Split::test});
  const auto network = [](std::uint64_t seed) {
    return nn::zoo::make("cnn-dense",
                         {.channels = 3, .size = 32, .classes = 10, .width = 8, .seed = seed});
  };
  const auto found = study::compare(network(1), network(2), set,
                                    {.methods = {"gradcam"}, .explained = 6, .seconds = 0.01});
  const auto data = compare_page(found, set, {"large", "small", "ranklens compare"}, 4);
  ASSERT_EQ(data.images.size(), 4);
  EXPECT_EQ(data.images[0].title, std::to_string(found.moved[0]));
  EXPECT_EQ(data.maps.size(), 8);
  EXPECT_EQ(data.predictions.size(), 8);
  const auto truth = set.labels[found.moved[0]].item<std::int64_t>();
  const auto name = set.classes[static_cast<std::size_t>(truth)];
  EXPECT_EQ(data.images[0].label, "true class: " + name);
  for (const auto& prediction : data.predictions) {
    for (const auto& [label, probability] : prediction.classes)
      EXPECT_TRUE(!label.ends_with(" (true)") || prediction.image != data.images[0].id ||
                  label == name + " (true)");
  }
  const auto html = page(data);  // which refuses what refers to nothing
  EXPECT_THAT(html, HasSubstr("small beside large"));
  EXPECT_THAT(to_text(compared_maps(found)), HasSubstr("Grad-CAM"));
}

TEST(ComparePage, AChangeOfAccuracyIsToldInImagesToo) {
  study::Comparison found;
  found.accuracy_difference = {.count = 20, .mean = -0.15, .lower = -0.42, .upper = 0.12};
  found.lost = 5;
  found.gained = 2;
  EXPECT_EQ(
      accuracy_change(found),
      "-15.00 percentage points (95 % interval over images -42.00 to +12.00): 5 images lost, 2 "
      "gained");
  found.accuracy_difference = {.count = 20, .mean = -0.05, .lower = -0.05, .upper = -0.05};
  found.lost = 1;
  found.gained = 0;
  EXPECT_EQ(accuracy_change(found), "-5.00 percentage points: 1 image lost, 0 gained");
}

}  // namespace
}  // namespace ranklens::report
