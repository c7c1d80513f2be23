#include <ATen/ops/equal.h>
#include <ATen/ops/max.h>
#include <ATen/ops/min.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/npy.h"

#include "app/run.h"

namespace {

using ranklens::base::read_npy;
using ranklens::base::write_npy;
using ranklens::testing::ranklens;
using ranklens::testing::TemporaryFolder;

TEST(DataMake, WritesWhatItsContractSays) {
  const TemporaryFolder folder;
  const std::string out = (folder / "d").string(), again = (folder / "e").string();
  for (const auto& to : {out, again}) {
    const auto done =
        ranklens({"data", "make", "scenes", "--count", "12", "--seed", "1", "--out", to});
    ASSERT_EQ(done.status, 0) << done.err;
  }
  const auto images = read_npy(out + "/images.npy");
  const auto masks = read_npy(out + "/masks.npy");
  EXPECT_EQ(images.sizes(), (std::vector<std::int64_t>{12, 3, 32, 32}));
  EXPECT_EQ(images.scalar_type(), at::kFloat);
  EXPECT_GE(images.min().item<float>(), 0);
  EXPECT_LE(images.max().item<float>(), 1);
  EXPECT_EQ(read_npy(out + "/labels.npy").scalar_type(), at::kLong);
  EXPECT_EQ(masks.sizes(), (std::vector<std::int64_t>{12, 32, 32}));
  EXPECT_EQ(masks.scalar_type(), at::kByte);
  EXPECT_TRUE(at::equal(images, read_npy(again + "/images.npy")));
}

TEST(DataMake, BadInputIsOneSentence) {
  EXPECT_EQ(ranklens({"data"}).status, 2);
  EXPECT_EQ(ranklens({"data", "make", "cats", "--out", "x"}).status, 2);
  EXPECT_EQ(ranklens({"data", "make", "scenes"}).status, 2);
  EXPECT_EQ(ranklens({"data", "inspect", "images:/nowhere"}).status, 2);
}

TEST(Measure, MapsThatAreTheirMasksScoreFully) {
  const TemporaryFolder folder;
  const std::string d = folder.path().string();
  ASSERT_EQ(ranklens({"data", "make", "scenes", "--count", "4", "--out", d}).status, 0);
  write_npy(folder / "maps.npy", read_npy(d + "/masks.npy").to(at::kFloat));
  const auto done =
      ranklens({"measure", "--maps", d + "/maps.npy", "--masks", d + "/masks.npy", "--json"});
  ASSERT_EQ(done.status, 0) << done.err;
  const auto answer = nlohmann::json::parse(done.out);
  EXPECT_EQ(answer["images"], 4);
  int localisation = 0, concentration = 0;
  for (const auto& [name, metric] : answer["metrics"].items()) {
    EXPECT_EQ(metric["values"].size(), 4U) << name;
    concentration += metric["family"] == "concentration";
    if (metric["family"] != "localisation") continue;
    ++localisation;
    EXPECT_NEAR(metric["mean"].get<double>(), 1, 1e-9) << name;  // each is 1 for a perfect map
  }
  EXPECT_EQ(localisation, 5);  // pointing, mass, rank, IoU, ROC-AUC
  EXPECT_EQ(concentration,
            5);  // Gini, entropy and its normalised form, effective complexity, spread
}

TEST(Measure, MasksOfAnotherSizeAreRefused) {
  const TemporaryFolder folder;
  const std::string d = folder.path().string(), e = (folder / "e").string();
  ASSERT_EQ(ranklens({"data", "make", "scenes", "--count", "4", "--out", d}).status, 0);
  ASSERT_EQ(ranklens({"data", "make", "scenes", "--count", "4", "--size", "48", "--out", e}).status,
            0);
  write_npy(folder / "maps.npy", read_npy(d + "/masks.npy").to(at::kFloat));
  const auto done = ranklens({"measure", "--maps", d + "/maps.npy", "--masks", e + "/masks.npy"});
  EXPECT_EQ(done.status, 2);
  EXPECT_EQ(std::count(done.err.begin(), done.err.end(), '\n'), 1) << done.err;
}

}  // namespace
