#include <cmath>

#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/files.h"
#include "ranklens/base/image.h"
#include "ranklens/base/npy.h"
#include "ranklens/base/random.h"
#include "ranklens/data/pixels.h"
#include "ranklens/explain/grad_cam.h"
#include "ranklens/nn/model_file.h"
#include "ranklens/nn/zoo/zoo.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

class Explain : public ::testing::Test {
 protected:
  Explain() {
    nn::write_model(model_, {.network = network_, .labels = {"cat", "dog", "tree"}});
    base::write_npy(images_, pixels_);
    base::write_npy(targets_, at::arange(4).remainder(3));
  }

  /// `explain MODEL` with these arguments.
  Finished run(Args args) const {
    args.insert(args.begin(), {"explain", model_, "--threads", "1"});
    return ranklens(args);
  }
  /// The same on the images, to the folder `out_`.
  Finished run_images(Args args) const {
    args.insert(args.begin(), {"--images", images_, "--out", out_});
    return run(args);
  }
  std::string in(const std::string& name) const { return (folder_ / name).string(); }

  TemporaryFolder folder_;
  const std::string model_ = in("m.safetensors"), images_ = in("x.npy"), targets_ = in("t.npy"),
                    out_ = in("out");
  const nn::Network network_ =
      nn::zoo::make("cnn-dense", {.channels = 3, .size = 16, .classes = 3, .width = 8, .seed = 3});
  const at::Tensor pixels_ = base::Stream(1, "test").uniform({4, 3, 16, 16}, 0, 1).to(at::kFloat);
};

TEST_F(Explain, WritesTheMapsOfTheLibrary) {
  const auto before = base::read_file(model_);
  const auto done =
      run_images({"--targets", targets_, "--method", "gradcam", "--layer", "relu4", "--json"});
  const auto answer = answer_of(done);
  const auto maps = base::read_npy(out_ + "/gradcam.npy");
  EXPECT_EQ(maps.scalar_type(), at::kFloat);
  EXPECT_EQ(maps.sizes(), (std::vector<std::int64_t>{4, 16, 16}));
  const auto wanted = explain::attribute(network_, pixels_, at::arange(4).remainder(3),
                                         explain::GradCam{.layer = "relu4"});
  EXPECT_TRUE(at::allclose(maps, wanted.maps, 1e-5, 1e-7));
  EXPECT_EQ(answer["methods"][0]["layer"], "relu4");
  const auto manifest = json_of(out_ + "/manifest.json");
  EXPECT_EQ(manifest["entries"][0]["file"], "gradcam.npy");
  EXPECT_EQ(manifest["methods"][0]["options"]["layer"], "relu4");
  EXPECT_EQ(base::read_file(model_), before);  // explaining changes nothing
}

TEST_F(Explain, WithoutTargetsThePredictedClassIsExplained) {
  const auto answer = answer_of(run_images({"--json"}));
  const auto predicted = network_(pixels_).argmax(1);
  EXPECT_TRUE(at::equal(base::read_npy(out_ + "/targets.npy"), predicted));
  const auto& first = answer["images"][0];
  EXPECT_EQ(first["target"], predicted[0].item<std::int64_t>());
  EXPECT_EQ(first["predictions"].size(), 3U);
  EXPECT_EQ(first["predictions"][0]["class"], first["target_class"]);
  const auto logits = network_(pixels_)[0].to(at::kDouble);
  EXPECT_NEAR(first["predictions"][0]["probability"].get<double>(),
              logits.softmax(0).max().item<double>(), 1e-6);
  EXPECT_THAT(answer["methods"][0]["notes"][0], HasSubstr("relu6"));  // the layer and its reason
}

TEST_F(Explain, SeveralMethodsWithOptionsAndPresets) {
  const auto done =
      run_images({"--method", "gradcam(relu=0),smoothgrad(samples=2,sigma=0.2),gradcam", "--target",
                  "dog", "--memory", "1M"});
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("'relu6' is the last activation after the last convolution"));
  EXPECT_LT(base::read_npy(out_ + "/gradcam.npy").min().item<float>(), 0);
  EXPECT_GE(base::read_npy(out_ + "/gradcam-2.npy").min().item<float>(), 0);
  EXPECT_TRUE(fs::exists(out_ + "/smoothgrad.npy"));
  EXPECT_TRUE(at::equal(base::read_npy(out_ + "/targets.npy"), at::full({4}, 1, at::kLong)));
  const auto captum =
      answer_of(run({"--images", images_, "--out", in("captum"), "--method", "gradcam,sobel",
                     "--preset", "captum", "--layer", "relu6", "--json"}));
  EXPECT_EQ(captum["methods"][0]["preset"], "captum");
  EXPECT_EQ(captum["methods"][0]["shape"], nlohmann::json({4, 4, 4}));
}

TEST_F(Explain, ATomlFileIsTheSameAsFlags) {
  base::write_file(in("e.toml"), "model = '" + model_ + "'\nimages = '" + images_ +
                                     "'\nmethod = ['gradcam']\nlayer = 'relu4'\n");
  ASSERT_EQ(ranklens({"explain", "--config", in("e.toml"), "--out", in("b")}).status, 0);
  ASSERT_EQ(run_images({"--layer", "relu4"}).status, 0);
  EXPECT_EQ(base::read_file(in("b/gradcam.npy")), base::read_file(out_ + "/gradcam.npy"));
}

TEST_F(Explain, TypesAgree) {
  const auto maps = [&](const std::string& type) {
    const auto done =
        run({"--images", images_, "--out", in(type), "--target", "0", "--dtype", type});
    EXPECT_EQ(done.status, 0) << done.err;
    return base::read_npy(in(type) + "/gradcam.npy");
  };
  const auto single = maps("float32");
  EXPECT_TRUE(at::allclose(maps("float64"), single, 1e-4, 1e-6));
  EXPECT_LT((maps("bfloat16") - single).abs().max().item<float>(),
            0.1 * single.abs().max().item<float>());
}

TEST_F(Explain, PhotosArePredictedByNameAndShownOnAPage) {
  base::write_png(in("wide.png"), base::to_image(pixels_[0].repeat({1, 2, 3})));
  base::write_png(in("grey.png"), base::to_image(pixels_[1][0]));
  const auto page = in("page.html");
  const auto done = run({in("wide.png"), in("grey.png"), "--method",
                         "gradcam,smoothgrad(samples=2)", "--report", page});
  ASSERT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.out, ::testing::ContainsRegex("wide.png\n +[0-9.]+ %  (cat|dog|tree)\n"));
  EXPECT_THAT(done.out, HasSubstr("grey.png"));
  EXPECT_THAT(done.out, HasSubstr(page));
  const auto html = base::read_file(page);
  for (const auto* part : {"wide.png", "grey.png", "smoothgrad", "gallery", "relu6"}) {
    EXPECT_THAT(html, HasSubstr(part));
  }
  EXPECT_THAT(html, HasSubstr("smoothgrad(samples=2)&#39; --report " + page));
  // The probabilities are those of the photo as to_square() cuts it.
  const auto answer = answer_of(run({in("wide.png"), "--report", page, "--json"}));
  const auto photo = data::in_unit_range(data::planar(base::read_image(in("wide.png"))));
  const auto logits = network_(data::to_square(photo, 16))[0].to(at::kDouble);
  EXPECT_NEAR(answer["images"][0]["predictions"][0]["probability"].get<double>(),
              logits.softmax(0).max().item<double>(), 1e-6);
}

TEST_F(Explain, ABuiltInNetworkIsFittedToTheImages) {
  const auto done =
      ranklens({"explain", "cnn-dense", "--width", "8", "--images", images_, "--out", out_});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("has learnt nothing"));
}

TEST_F(Explain, BadImagesAndTargetsAreOneSentence) {
  const auto file = in("bad.npy");
  const auto refused = [&](const Args& args, const std::string& part) {
    expect_complaint(run_images(args), 2, part);
    EXPECT_FALSE(fs::exists(out_)) << part;
  };
  base::write_npy(file, at::full({4}, 3, at::kLong));
  refused({"--targets", file},
          "gives image 0 the target 3, but the network has the classes 0 to 2");
  base::write_npy(file, at::zeros({3}, at::kLong));
  refused({"--targets", file}, "one integer for each of the 4 images");
  base::write_npy(file, at::zeros({4}));
  refused({"--targets", file}, "one integer for each of the 4 images");
  refused({"--targets", in("none.npy")}, "none.npy");
  refused({"--target", "dig"}, "no class 'dig'; nearest: 'dog'");
  refused({"--target", "3"}, "the classes 0 to 2, and none 3");
  refused({"--target", "1", "--targets", targets_}, "exclude each other");

  const auto images = [&](const at::Tensor& pixels, const std::string& part) {
    base::write_npy(file, pixels);
    expect_complaint(run({"--images", file, "--out", out_}), 2, part);
    EXPECT_FALSE(fs::exists(out_)) << part;
  };
  auto broken = pixels_.clone();
  broken[2][1][3][3].fill_(std::nan(""));
  images(broken, "image 2 of '" + file + "' holds a pixel that is not a finite number");
  images(pixels_ * 255, "' holds a pixel of ");
  images(pixels_ - 0.5, "floats must lie in [0, 1]");
  images(pixels_.narrow(1, 0, 1), "are [1, 16, 16] each, the network takes [3, 16, 16]");
  images(pixels_[0][0], "images [N, C, H, W] or [N, H, W] are needed");
  images(at::zeros({0, 3, 16, 16}), "holds an empty array of shape [0, 3, 16, 16]; images");
  images(at::zeros({2, 3, 16, 16}, at::kLong), "images are uint8 or floats");
  expect_complaint(run({"--images", in("none.npy"), "--out", out_}), 2, "none.npy");
  expect_complaint(run({in("none.png"), "--out", out_}), 2, "none.png");
  expect_complaint(run({images_, "--out", out_}), 2, images_);  // no photo
  expect_complaint(run({"--out", out_}), 2, "give photos, or --images");
  expect_complaint(run({"--images", images_}), 2, "say where the maps go");
  expect_complaint(run({"--images", images_, "--report", in("none/page.html")}), 2,
                   "none' is no folder");
  expect_complaint(run({"--images", images_, "--out", model_}), 2, "is no folder");
}

TEST_F(Explain, BadMethodsAreOneSentence) {
  const auto refused = [&](const Args& args, const std::string& part) {
    expect_complaint(run_images(args), 2, part);
    EXPECT_FALSE(fs::exists(out_)) << part;
  };
  refused({"--method", "gradcan"}, "no method 'gradcan'; nearest: 'gradcam'");
  refused({"--method", "saliency,smoothgrad(sample=2)"}, "nearest: 'samples'");
  refused({"--method", "smoothgrad(samples=0)"}, "samples");
  refused({"--method", "gradcam(relu"}, "gradcam(relu");
  refused({"--method", ""}, "method");
  refused({"--layer", "relu9"}, "relu9");
  refused({"--layer", "head"}, "has no pixels");
  refused({"--method", "saliency", "--layer", "relu4"}, "reads a layer");
  refused({"--method", "saliency,gradcam", "--preset", "pytorch-grad-cam"}, "no preset");
  refused({"--memory", "12X"}, "'12X' is no amount of memory");
  expect_complaint(ranklens({"explain", "nowhere.safetensors", "--images", images_, "--out", out_}),
                   2, "nowhere.safetensors");
}

TEST_F(Explain, AFullDiskIsAFailureAndLeavesNothingHalfWritten) {
  const Args command{"explain", model_,     "--images", images_,   "--out",
                     out_,      "--method", "gradcam",  "--layer", "relu4"};
  // Without a limit, to know the files: then no room for the second smallest, or for the largest.
  ASSERT_EQ(ranklens(command).status, 0);
  std::vector<std::uintmax_t> sizes;
  for (const auto& entry : fs::directory_iterator(out_)) sizes.push_back(entry.file_size());
  std::sort(sizes.begin(), sizes.end());
  ASSERT_GT(sizes.size(), 2U);
  fs::remove_all(out_);
  for (const auto limit : {sizes[1] - 1, sizes.back() - 1}) {
    expect_complaint(ranklens(command, {.largest_file = limit}), 1, "cannot write");
    EXPECT_FALSE(fs::exists(out_)) << limit;
  }
}

}  // namespace
}  // namespace ranklens::app
