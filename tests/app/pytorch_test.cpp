#include <ATen/TensorOperators.h>

#include "ranklens/base/files.h"
#include "ranklens/base/random.h"
#include "ranklens/nn/foreign.h"
#include "ranklens/nn/model_file.h"
#include "ranklens/nn/zoo/zoo.h"

#include "app/run.h"

// Compressed networks in PyTorch itself: the state dict that `compress` writes fills a module of
// ordinary layers, whose logits are the compressed network's.
namespace ranklens::app {
namespace {

/// The built-in network cnn-dense as a user of PyTorch would write it.
constexpr const char* kNetworkScript = R"(
import sys
import torch
from torch import nn


class Network(nn.Module):
    def __init__(self, width, classes):
        super().__init__()
        size = [1, width, width, 2 * width, 2 * width, 4 * width, 4 * width]
        for k in range(1, 7):
            setattr(self, f"conv{k}", nn.Conv2d(size[k - 1], size[k], 3, padding=1))
            setattr(self, f"bn{k}", nn.BatchNorm2d(size[k], eps=1e-3))
        self.head = nn.Linear(16 * 4 * width, 4 * width)
        self.head_bn = nn.BatchNorm1d(4 * width, eps=1e-3)
        self.classifier = nn.Linear(4 * width, classes)

    def forward(self, x):
        for k in range(1, 7):
            x = getattr(self, f"bn{k}")(torch.relu(getattr(self, f"conv{k}")(x)))
            if k % 2 == 0:
                x = nn.functional.max_pool2d(x, 2)
        x = x.permute(0, 2, 3, 1).flatten(1)  # row, column, channel, as Keras flattens
        return self.classifier(self.head_bn(self.head(x)))


torch.set_num_threads(1)
network = Network(8, 10).eval()
network.load_state_dict(torch.load(sys.argv[1], weights_only=True))
given = torch.load(sys.argv[2], weights_only=True)
with torch.no_grad():
    found = network(given["images"])
difference = (found - given["logits"]).abs().max().item()
largest = given["logits"].abs().max().item()
print(difference / largest)
)";

/// A Python that imports torch: that of the libtorch in use, else one of the path; "" for none.
std::string python_with_torch() {
  const auto own = fs::path(RANKLENS_TORCH).parent_path().parent_path().parent_path().parent_path();
  for (const auto& python : {(own / "bin" / "python3").string(), std::string("/usr/bin/python3")}) {
    if (fs::exists(python) &&
        run_program(python, {"-W", "ignore", "-c", "import torch"}).status == 0)
      return python;
  }
  return "";
}

/// A network none of whose numbers are those of a fresh one.
nn::Network stirred() {
  auto network = nn::zoo::make("cnn-dense", {.width = 8, .dropout = 0.5, .seed = 7});
  std::uint64_t count = 0;
  network.state = network.state.map([&](const at::Tensor& tensor) {
    return tensor +
           base::Stream(11, "noise").child("tensor", count++).normal(tensor.sizes(), 0, 0.1);
  });
  return network;
}

class PyTorch : public ::testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() { python_ = python_with_torch(); }
  void SetUp() override {
    if (python_.empty()) GTEST_SKIP() << "no Python here imports torch";
  }
  static std::string python_;
};

std::string PyTorch::python_;

TEST_P(PyTorch, GivesTheLogitsOfTheCompressedNetwork) {
  const TemporaryFolder folder;
  const auto model = (folder / "m.safetensors").string(),
             small = (folder / "small.safetensors").string(),
             dict = (folder / "small.pth").string(), given = (folder / "given.pth").string(),
             script = (folder / "network.py").string();
  nn::write_model(model, {.network = stirred()});
  const auto done = ranklens({"compress", model, "--scheme", GetParam(), "--out", small,
                              "--state-dict", dict, "--threads", "1"});
  ASSERT_EQ(done.status, 0) << done.err;
  const auto network = nn::read_model(small).network;
  const auto images = base::Stream(1, "images").normal({8, 1, 32, 32});
  nn::write_state_dict_file(given, {{"images", images}, {"logits", network(images)}});
  base::write_file(script, kNetworkScript);
  const auto python = run_program(python_, {"-W", "ignore", script, dict, given});
  ASSERT_EQ(python.status, 0) << python.err;
  EXPECT_LT(std::stod(python.out), 1e-5) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Schemes, PyTorch,
                         ::testing::Values("*: low_rank(r=4)", "*: tt(r=6)",
                                           "head: tt(out=8x4x1,in=16x16x2,r=4)",
                                           "conv1: dense; *: tucker(r=5)", "*: cp(r=6)",
                                           "conv*: tucker(eps=0.1); head: tt(eps=0.3)",
                                           "auto(ratio=0.4)"));

}  // namespace
}  // namespace ranklens::app
