#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/max.h>
#include <ATen/ops/min.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/files.h"
#include "ranklens/base/image.h"
#include "ranklens/base/npy.h"
#include "ranklens/data/open.h"
#include "ranklens/metrics/faithfulness.h"
#include "ranklens/nn/model_file.h"
#include "ranklens/nn/zoo/zoo.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

TEST(DataMake, WritesWhatItsContractSays) {
  const TemporaryFolder folder;
  const std::string out = (folder / "d").string(), again = (folder / "e").string();
  for (const auto& to : {out, again}) {
    make_scenes(to, 12);
  }
  const auto images = base::read_npy(out + "/images.npy");
  const auto masks = base::read_npy(out + "/masks.npy");
  EXPECT_EQ(images.sizes(), (std::vector<std::int64_t>{12, 3, 32, 32}));
  EXPECT_EQ(images.scalar_type(), at::kFloat);
  EXPECT_GE(images.min().item<float>(), 0);
  EXPECT_LE(images.max().item<float>(), 1);
  EXPECT_EQ(base::read_npy(out + "/labels.npy").scalar_type(), at::kLong);
  EXPECT_EQ(masks.sizes(), (std::vector<std::int64_t>{12, 32, 32}));
  EXPECT_EQ(masks.scalar_type(), at::kByte);
  EXPECT_TRUE(at::equal(images, base::read_npy(again + "/images.npy")));
}

TEST(DataMake, BadInputIsOneSentence) {
  EXPECT_EQ(ranklens({"data"}).status, 2);
  EXPECT_EQ(ranklens({"data", "make", "cats", "--out", "x"}).status, 2);
  EXPECT_EQ(ranklens({"data", "make", "scenes"}).status, 2);
  EXPECT_EQ(ranklens({"data", "inspect", "images:/nowhere"}).status, 2);
}

TEST(DataInspect, SaysWhichShareAPartIs) {
  const TemporaryFolder folder;
  const std::string set = (folder / "d").string(), pictures = (folder / "p").string();
  make_scenes(set, 100);
  const auto part = ranklens({"data", "inspect", "npy:" + set}).out;
  EXPECT_THAT(part, HasSubstr("train: 80 of 100 images"));
  EXPECT_THAT(part, ::testing::Not(HasSubstr("shortcut")));
  EXPECT_THAT(ranklens({"data", "inspect", "scenes:" + set, "--split", "all"}).out,
              HasSubstr("all: 100 images"));
  for (const std::string name : {"cat", "dog"}) {
    fs::create_directories(fs::path(pictures) / name);
    for (int k = 0; k < 5; ++k)
      base::write_png(
          fs::path(pictures) / name / (std::to_string(k) + ".png"),
          {.height = 8, .width = 8, .channels = 3, .pixels = std::vector<std::uint8_t>(8 * 8 * 3)});
  }
  const auto answer =
      answer_of(ranklens({"data", "inspect", "images:" + pictures, "--split", "test", "--json"}));
  EXPECT_EQ(answer["images"][0], 2);
  EXPECT_EQ(answer["images_in_all"], 10);
}

// What `inspect` says of the generated scenes is true of those that other commands take.
TEST(DataInspect, SeesTheScenesThatTrainingSees) {
  const auto answer = answer_of(
      ranklens({"data", "inspect", "scenes:train=20,test=10", "--split", "test", "--json"}));
  const auto set = data::open("scenes:train=20,test=10", {.split = data::Split::test});
  EXPECT_EQ(answer["hash"], set.hash);
  EXPECT_EQ(answer["images"][0], 10);
  const auto other = answer_of(ranklens(
      {"data", "inspect", "scenes:train=20,test=10", "--split", "test", "--json", "--seed", "1"}));
  EXPECT_NE(other["hash"], set.hash);
}

TEST(Measure, MapsThatAreTheirMasksScoreFully) {
  const TemporaryFolder folder;
  const std::string d = folder.path().string();
  make_scenes(d, 4);
  base::write_npy(folder / "maps.npy", base::read_npy(d + "/masks.npy").to(at::kFloat));
  const auto answer = answer_of(
      ranklens({"measure", "--maps", d + "/maps.npy", "--masks", d + "/masks.npy", "--json"}));
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

TEST(Measure, SaysHowManyMasksCannotTellMapsApart) {
  const TemporaryFolder folder;
  const auto maps = (folder / "maps.npy").string(), masks = (folder / "masks.npy").string();
  base::write_npy(maps, at::arange(27, at::kFloat).view({3, 3, 3}));
  auto inside = at::zeros({3, 3, 3}, at::kByte);
  inside[0][1][1] = 1;
  inside[2].fill_(1);
  base::write_npy(masks, inside);
  const Args command{"measure", "--maps", maps, "--masks", masks};
  EXPECT_EQ(answer_of(ranklens(joined(command, {"--json"})))["uninformative_masks"], 2);
  EXPECT_THAT(ranklens(command).out, HasSubstr("2 of 3 masks are empty or full"));
  base::write_npy(masks, inside[0].expand({3, 3, 3}));
  EXPECT_EQ(answer_of(ranklens(joined(command, {"--json"})))["uninformative_masks"], 0);
  EXPECT_THAT(ranklens(command).out, ::testing::Not(HasSubstr("empty or full")));
}

TEST(Measure, MasksOfAnotherSizeAreRefused) {
  const TemporaryFolder folder;
  const std::string d = folder.path().string(), e = (folder / "e").string();
  make_scenes(d, 4);
  make_scenes(e, 4, {"--size", "48"});
  base::write_npy(folder / "maps.npy", base::read_npy(d + "/masks.npy").to(at::kFloat));
  expect_complaint(ranklens({"measure", "--maps", d + "/maps.npy", "--masks", e + "/masks.npy"}), 2,
                   "4x32x32");
}

class MeasureFaithfulness : public ::testing::Test {
 protected:
  MeasureFaithfulness() {
    make_scenes(d_, 3, {"--size", "16"});
    nn::write_model(d_ + "/m.safetensors", {.network = network_});
    base::write_npy(d_ + "/maps.npy", base::read_npy(d_ + "/masks.npy").to(at::kFloat));
    base::write_npy(d_ + "/targets.npy", at::arange(3));
  }
  Args command(const Args& more) const {
    return joined({"measure", "--maps", d_ + "/maps.npy"}, more);
  }
  Args with_network(const Args& more) const {
    return joined(command({"--model", d_ + "/m.safetensors", "--images", d_ + "/images.npy",
                           "--targets", d_ + "/targets.npy"}),
                  more);
  }

  TemporaryFolder folder_;
  const std::string d_ = folder_.path().string();
  const nn::Network network_ =
      nn::zoo::make("mlp", {.channels = 3, .size = 16, .hidden = {4}, .seed = 2});
};

TEST_F(MeasureFaithfulness, IsTheLibrarysForEachImage) {
  const auto answer =
      answer_of(ranklens(with_network({"--metrics", "deletion,insertion_logit", "--json"})));
  ASSERT_EQ(answer["metrics"].size(), 2U);
  const auto& found = answer["metrics"]["deletion"];
  const at::NoGradGuard no_gradients;
  const auto wanted = metrics::deletion([&](const at::Tensor& images) { return network_(images); },
                                        base::read_npy(d_ + "/images.npy"),
                                        base::read_npy(d_ + "/maps.npy"), at::arange(3));
  double sum = 0;
  for (std::int64_t k = 0; k < 3; ++k) {
    const double value = found["values"][static_cast<std::size_t>(k)].get<double>();
    EXPECT_NEAR(value, wanted.area[k].item<double>(), 1e-6);
    sum += value;
  }
  EXPECT_NEAR(found["mean"].get<double>(), sum / 3, 1e-12);
  // All families that the files allow, when none is named.
  const auto all = answer_of(ranklens(with_network({"--masks", d_ + "/masks.npy", "--json"})));
  EXPECT_EQ(all["metrics"].size(), 5U + 5U + 4U);
}

TEST_F(MeasureFaithfulness, BadInputIsOneSentence) {
  const auto refused = [&](const Args& args, const std::string& part) {
    expect_complaint(ranklens(args), 2, part);
  };
  refused(command({"--model", d_ + "/m.safetensors"}), "--images and --targets together");
  refused(command({"--images", d_ + "/images.npy"}), "--images and --targets together");
  refused(command({"--metrics", "deletion"}), "the metric 'deletion' needs");
  refused(command({"--metrics", "delation"}), "nearest: 'deletion'");
  refused(with_network({"--metrics", "iou"}), "the metric 'iou' needs masks");
  base::write_npy(d_ + "/targets.npy", at::arange(8, 11));
  refused(with_network({}), "gives image 2 the target 10");
  base::write_npy(d_ + "/maps.npy", at::zeros({2, 16, 16}));
  refused(with_network({}), "there are 2 maps but 3 images");
  base::write_npy(d_ + "/maps.npy", at::zeros({16, 16}));
  refused(command({}), "maps [N, H, W] are needed");
}

TEST(DataMake, ThePageNeedsAFolder) {  // writing it takes a minute: it measures simple models
  const TemporaryFolder folder;
  base::write_file(folder / "file", "x");
  expect_complaint(ranklens({"data", "make", "scenes", "--page", (folder / "file").string()}), 2,
                   "cannot be made");
}

}  // namespace
}  // namespace ranklens::app
