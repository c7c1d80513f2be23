#include "ranklens/study/keys.h"

#include <gtest/gtest.h>

namespace ranklens::study {
namespace {

TEST(Keys, AreWhatRunFoldersHold) {
  EXPECT_EQ(method_name("smoothgrad(samples=20,sigma=0.1)"), "smoothgrad");
  EXPECT_EQ(method_name("gradcam"), "gradcam");
  EXPECT_EQ(untrained_key("gradcam"), "gradcam untrained");
  EXPECT_EQ(pair_key("gradcam", "smoothgrad"), "gradcam~smoothgrad");
}

TEST(Keys, ReadBackWhatTheyWrite) {
  EXPECT_EQ(untrained_method(untrained_key("gradcam")), "gradcam");
  EXPECT_EQ(pair_methods(pair_key("gradcam", "smoothgrad")),
            std::pair(std::string_view("gradcam"), std::string_view("smoothgrad")));
  for (const auto* other : {"gradcam", "sobel", " untrained", ""}) {
    EXPECT_FALSE(untrained_method(other)) << other;
    EXPECT_FALSE(pair_methods(other)) << other;
  }
}

}  // namespace
}  // namespace ranklens::study
