#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/optim/optimiser.h"
#include "ranklens/optim/tensor_train/sweep.h"

#include "optim/tensor_train/small_train.h"
#include "testing/expect_error.h"

namespace ranklens::optim {
namespace {

using ranklens::testing::expect_error;
using testing::mean_cosine;
using testing::values;

TEST(Sweep, SaysWhatIsWrong) {
  nn::State dense;
  dense.set("w", {.weight = nn::Weight(values({12, 12}, 28))});
  auto objective = mean_cosine(values({5, 12}, 29));
  for (const char* spec : {"dmrg", "als", "recanonical_adam"}) {
    const auto optimiser = make_optimiser(spec);
    expect_error([&] { optimiser->step(dense, objective); }, "this network has none");
  }
  const auto refused = [](const char* spec, const char* part) {
    expect_error([&] { make_optimiser(spec); }, part);
  };
  refused("dmrg(bond=0)", "bond");
  refused("dmrg(cutoff=1)", "cutoff");
  refused("dmrg(cutoff=-1)", "cutoff");
  refused("dmrg(iterations=0)", "iterations");
  refused("dmrg(bonds=-1)", "bonds");
  refused("dmrg(cores=1)", "cores");
  refused("dmrg(reach=0)", "reach");
  refused("dmrg(lr=0)", "lr");
  refused("als(bond=4)", "bond");
  refused("als(cutoff=0)", "cutoff");
  refused("als(bonds=1)", "bonds");
  refused("dmgr", "nearest: 'dmrg'");
  const auto optimiser = make_optimiser("als");
  const auto one = at::zeros({}, at::kLong);
  for (const char* name : {"sweep:w/second", "sweep:w", "w/first"}) {
    EXPECT_THROW(optimiser->load({{name, one}}), base::Error) << name;
  }
  EXPECT_THROW(optimiser->load({{"sweep:w/first", one - 1}}), base::Error);
  for (const char* spec : {"dmrg(bond=7,cutoff=0.001,iterations=2,bonds=0,reach=0.5,lr=0.01)",
                           "als(iterations=2,cores=3,reach=0.5,lr=0.01)"}) {
    EXPECT_EQ(make_optimiser(spec)->spec(), spec);
  }
}

}  // namespace
}  // namespace ranklens::optim
