#include <gmock/gmock.h>

#include "ranklens/base/error.h"
#include "ranklens/study/arms.h"
#include "ranklens/study/make_cell.h"

#include "study/tiny.h"

namespace ranklens::study {
namespace {

/// Every weight times a number so large that what comes out of the network is infinite.
nn::Network overflowing(nn::Network network) {
  for (const auto& one : network.state.tensors())
    network.state.set_tensor(one.name, one.tensor * 1e30);
  return network;
}

TEST(ExplainCell, WhatCannotBeExplainedIsAFailureOfTheTraining) {
  auto config = tiny();
  const auto material = open_material(config);
  const auto fresh = build(arm(config, "dense"), config, material.train, 1);
  const auto broken = overflowing(fresh);
  for (const char* method : {"gradcam", "saliency", "smoothgrad(samples=2)"}) {
    config.methods = {method};
    MadeCell made;
    explain_cell(config, quiet(""), material.selection, broken, fresh, made);
    EXPECT_THAT(made.cell.failure, ::testing::HasSubstr("cannot be explained")) << method;
    EXPECT_TRUE(made.cell.scores.empty() && made.cell.agreement.empty()) << method;
    EXPECT_TRUE(made.pictures.maps.empty()) << method;
    // The network before its training is the study's own: there it is an error.
    MadeCell other;
    EXPECT_THROW(explain_cell(config, quiet(""), material.selection, fresh, broken, other),
                 base::NotFiniteError);
    EXPECT_EQ(other.cell.failure, "");
  }
}

}  // namespace
}  // namespace ranklens::study
