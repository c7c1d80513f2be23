#include "ranklens/study/arms.h"

#include <gtest/gtest.h>

#include "ranklens/base/product.h"
#include "ranklens/base/threads.h"
#include "ranklens/nn/model_file.h"
#include "ranklens/study/make_cell.h"

#include "study/tiny.h"
#include "testing/close.h"
#include "testing/temporary_folder.h"

namespace ranklens::study {
namespace {

TEST(Arms, EveryArmIsBuiltAndKeepsWhatItSharesWithTheDenseOne) {
  const auto config = tiny();
  const auto material = open_material(config);
  const auto dense = build(arm("dense"), config, material.train, 3);
  for (const auto& one : arms()) {
    const auto network = build(one, config, material.train, 3);
    EXPECT_TRUE(at::equal(network.state.tensor("conv1.weight"), dense.state.tensor("conv1.weight")))
        << one.name;
  }
}

TEST(Arms, ATensorisedTrunkTrainsAndItsParametersAreCounted) {
  base::set_threads(1);
  base::set_product_kernel(base::ProductKernel::libtorch);
  const ranklens::testing::TemporaryFolder folder;
  const auto config = tiny();
  const auto material = open_material(config);
  const auto fresh = build(arm("tt-trunk"), config, material.train, 1);
  const auto made = make_cell(config, quiet(folder.path()), material, "tt-trunk", 1);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->cell.failure, "");
  EXPECT_EQ(made->cell.parameters, fresh.state.trainable_parameters());
  const auto dense = build(arm("dense"), config, material.train, 1);
  EXPECT_LT(made->cell.parameters, dense.state.trainable_parameters());
  const auto model = nn::read_model(folder / "work" / "tt-trunk-s1" / "model.safetensors");
  const auto& before = fresh.state.at("conv4.weight").weight;
  const auto& after = model.network.state.at("conv4.weight").weight;
  EXPECT_EQ(after->kind(), "tt_conv");
  for (std::size_t k = 0; k < before->factors().size(); ++k)
    EXPECT_FALSE(at::equal(before->factors()[k].tensor, after->factors()[k].tensor))
        << "core " << k;
}

}  // namespace
}  // namespace ranklens::study
