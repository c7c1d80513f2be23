// The list of optimisers against what is read from specs.
#include "ranklens/optim/catalogue.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/low_rank/options.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/optim/tensor_train/methods.h"

namespace ranklens::optim {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::UnorderedElementsAre;

TEST(Catalogue, HoldsEveryOptimiserOnce) {
  std::set<std::string> names, expected{"adam", "adamw", "sgd", "recanonical_adam"};
  for (const auto& more : {low_rank_methods(), train_methods()})
    expected.insert(more.begin(), more.end());
  for (const auto& one : optimiser_catalogue()) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_FALSE(one.summary.empty()) << one.name;
    EXPECT_EQ(make_optimiser(one.spec)->spec(), make_optimiser(one.name)->spec());
    EXPECT_EQ(one.spec.find("cap=9"), std::string::npos) << "a bound that is none says nothing";
  }
  EXPECT_EQ(names, expected);
}

const CatalogueEntry& entry(const std::vector<CatalogueEntry>& all, const std::string& name) {
  return *std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
}

TEST(Catalogue, NamesOptionsThatHaveNoDefault) {
  const auto all = optimiser_catalogue();
  EXPECT_THAT(entry(all, "bug").more, UnorderedElementsAre("cap", "tau_end", "over", "budget_over",
                                                           "hold", "layers", "momentum"));
  EXPECT_THAT(entry(all, "parallel_bug").more, Contains("reject"));
  EXPECT_THAT(entry(all, "riemannian_sgd").more, IsSupersetOf({"tau", "grow", "cap", "floor"}));
  EXPECT_THAT(entry(all, "riemannian_cg").more,
              UnorderedElementsAre("tau", "grow", "floor", "cap", "every", "longest"));
  EXPECT_THAT(entry(all, "adam").more, IsEmpty());
  EXPECT_THAT(entry(all, "fixed_bug").more, ElementsAre("momentum"));
}

TEST(Catalogue, SaysWhatIsMovedAsAWhole) {
  for (const auto& one : optimiser_catalogue()) {
    const bool trains = is_train_method(one.name) || one.name == "recanonical_adam";
    EXPECT_EQ(one.moves, is_low_rank_method(one.name) ? "low rank"
                         : trains                     ? "trains"
                                                      : "any tensors");
  }
}

}  // namespace
}  // namespace ranklens::optim
