#include <ATen/ops/rand.h>

#include "ranklens/base/files.h"
#include "ranklens/base/npy.h"
#include "ranklens/nn/model_file.h"
#include "ranklens/nn/zoo/zoo.h"

#include "app/run.h"
#include "testing/put_file.h"

// What is said where a reader would otherwise guess.
namespace ranklens::app {
namespace {

TEST(PlainWords, AnUntrainedNetworkIsMarkedOnPagesToo) {
  const TemporaryFolder folder;
  const std::string images = folder / "x.npy", page = folder / "x.html";
  base::write_npy(images, at::rand({2, 1, 16, 16}));
  const auto done = ranklens({"explain", "cnn-dense", "--images", images, "--methods",
                              "gradcam,gradcam(relu=0)", "--report", page, "--width", "8"});
  ASSERT_EQ(done.status, 0) << done.err;
  const auto html = base::read_file(page);
  EXPECT_THAT(html, HasSubstr("is a built-in network that has learnt nothing."));
  EXPECT_THAT(html, HasSubstr("Grad-CAM"));
  EXPECT_THAT(html, HasSubstr("Grad-CAM (2)"));
}

TEST(PlainWords, CompareSaysWhichNetworkIsUntrainedAndShortensTheirNames) {
  const TemporaryFolder folder;
  const nn::Model model{.network = nn::zoo::make(
                            "cnn-dense", {.channels = 3, .size = 32, .classes = 10, .width = 8})};
  for (const std::string name : {"a", "b"}) {
    fs::create_directory(folder / name);
    nn::write_model(folder / name / "best.safetensors", model);
  }
  const std::string a = folder / "a/best.safetensors", b = folder / "b/best.safetensors";
  const Args rest{
      "--data", "scenes:train=20,test=10", "--methods", "saliency", "--explained", "4", "--split",
      "test"};
  const auto fresh = ranklens(joined({"compare", "mlp", a}, rest));
  ASSERT_EQ(fresh.status, 0) << fresh.err;
  EXPECT_THAT(fresh.err, HasSubstr("'mlp' is a built-in network that has learnt nothing"));
  EXPECT_THAT(fresh.out, HasSubstr("\nbest.safetensors "));
  const auto both = ranklens(joined({"compare", a, b, "--quiet"}, rest));
  EXPECT_THAT(both.out, HasSubstr("\na/best.safetensors "));
  EXPECT_THAT(both.out, HasSubstr("\nb/best.safetensors "));
  // The same network twice: no spread, and no interval without width.
  EXPECT_THAT(
      both.out,
      HasSubstr(
          "accuracy +0.00 percentage points: 0 images lost, 0 gained; the same answer on 100.0 %"));
}

TEST(PlainWords, AFolderOrAnotherFileForAModelIsNamedAsWhatItIs) {
  const TemporaryFolder folder;
  const auto run = folder.path().string();
  expect_complaint(ranklens({"info", run}), 2, "is a folder and no model file\n");
  testing::put_file(folder / "best.safetensors", "");
  expect_complaint(ranklens({"info", run}), 2,
                   "is a folder and no model file; write " + run + "/best.safetensors");
  testing::put_file(folder / "photo.jpg", "\xff\xd8\xff\xe0 JFIF and some more bytes");
  expect_complaint(ranklens({"info", folder / "photo.jpg"}), 2,
                   "photo.jpg' is no safetensors file");
}

TEST(PlainWords, RawBytesDoNotReachTheTerminal) {
  const TemporaryFolder folder;
  base::write_npy(folder / "A.npy", at::rand({2}));
  const auto finished = ranklens({"path", folder / "A.npy"});
  expect_complaint(finished, 2, "is no valid JSON");
  EXPECT_EQ(finished.err.find('\x93'), std::string::npos);
}

TEST(PlainWords, EveryObjectNamesItsVersionAndCommand) {
  const TemporaryFolder folder;
  base::write_npy(folder / "A.npy", at::rand({2, 2}));
  const std::string decomposed = folder / "a.safetensors";
  for (const auto& [args, command] :
       {std::pair{Args{"methods"}, "methods"},
        std::pair{Args{"decompose", folder / "A.npy", "--eps", "0", "--out", decomposed},
                  "decompose"},
        std::pair{Args{"full", decomposed, "--out", folder / "b.npy"}, "full"},
        std::pair{Args{"data", "make", "scenes", "--count", "12", "--out", folder / "d"},
                  "data make"},
        std::pair{Args{"info", "mlp", "--state-dict", folder / "m.pth"}, "info"}}) {
    const auto answer = answer_of(ranklens(joined(args, {"--json"})));
    EXPECT_EQ(answer["command"], command);
    EXPECT_TRUE(answer["ranklens"].is_string()) << command;
    if (answer.contains("state_dict")) {
      EXPECT_EQ(answer["state_dict"], (folder / "m.pth").string());
    }
  }
  EXPECT_THAT(ranklens({"info", "mlp", "--state-dict", folder / "m.pth"}).out,
              HasSubstr("the state dict: " + (folder / "m.pth").string()));
}

}  // namespace
}  // namespace ranklens::app
