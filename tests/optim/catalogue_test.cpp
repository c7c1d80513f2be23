// The list of optimisers against what is read from specs.
#include "ranklens/optim/catalogue.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/low_rank/options.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/optim/tensor_train/methods.h"

namespace ranklens::optim {
namespace {

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
