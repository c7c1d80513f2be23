// Which output a label means: classes go by their names, wherever data and network have any.
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/files.h"
#include "ranklens/base/npy.h"
#include "ranklens/nn/model_file.h"
#include "ranklens/nn/zoo/zoo.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

class Classes : public ::testing::Test {
 protected:
  /// A network that answers `answer`, whatever it sees.
  std::string network(const std::string& name, std::int64_t answer,
                      const std::vector<std::string>& labels) const {
    auto network = nn::zoo::make("mlp", {.channels = 1, .size = 8, .classes = 3, .hidden = {2}});
    for (const auto& entry : network.state.names())
      network.state.set_tensor(entry, at::zeros_like(network.state.tensor(entry)));
    network.state.tensor("classifier.bias")[answer].fill_(2);
    const auto path = (folder_ / (name + ".safetensors")).string();
    nn::write_model(path, {.network = network, .labels = labels});
    return path;
  }

  /// Ten images, all of class `label` of `classes`, which may be without names.
  std::string images(const std::string& name, std::int64_t label,
                     const std::string& classes) const {
    const auto folder = folder_ / name;
    fs::create_directories(folder);
    base::write_npy(folder / "images.npy", at::full({10, 1, 8, 8}, 0.5));
    base::write_npy(folder / "labels.npy", at::full({10}, label, at::kLong));
    if (!classes.empty()) base::write_file(folder / "classes.txt", classes);
    return "npy:" + folder.string();
  }

  Finished evaluate(const std::string& model, const std::string& data) const {
    return ranklens({"evaluate", model, "--data", data, "--split", "all", "--json"});
  }
  Finished compare(const std::string& first, const std::string& second,
                   const std::string& data) const {
    return ranklens({"compare", first, second, "--data", data, "--split", "all", "--methods",
                     "saliency", "--explained", "2", "--json"});
  }

  TemporaryFolder folder_;
};

TEST_F(Classes, ASubsetOfTheClassesGoesByName) {
  const auto model = network("m", 2, {"ant", "bee", "cat"});
  EXPECT_EQ(answer_of(evaluate(model, images("whole", 2, "ant\nbee\ncat\n")))["accuracy"], 1);
  EXPECT_EQ(answer_of(evaluate(model, images("one", 0, "cat\n")))["accuracy"], 1);
  EXPECT_EQ(answer_of(evaluate(model, images("turned", 0, "cat\nant\n")))["accuracy"], 1);
  EXPECT_EQ(answer_of(evaluate(model, images("other", 1, "cat\nant\n")))["accuracy"], 0);
  const auto both = answer_of(compare(model, model, images("again", 0, "cat\n")));
  EXPECT_EQ(both["first"]["accuracy"], 1);
  EXPECT_EQ(both["second"]["accuracy"], 1);
}

TEST_F(Classes, WithoutNamesALabelIsThePlaceOfAnOutput) {
  const auto named = network("named", 2, {"ant", "bee", "cat"}), plain = network("plain", 2, {});
  const auto numbers = images("numbers", 2, ""), names = images("names", 2, "x\ny\nz\n");
  EXPECT_EQ(answer_of(evaluate(named, numbers))["accuracy"], 1);
  EXPECT_EQ(answer_of(evaluate(plain, numbers))["accuracy"], 1);
  EXPECT_EQ(answer_of(evaluate(plain, names))["accuracy"], 1);
}

TEST_F(Classes, OnesThatTheNetworkDoesNotHaveAreNamed) {
  const auto model = network("m", 0, {"ant", "bee", "cat"});
  const auto other = images("other", 1, "ant\nbees\n");
  expect_complaint(evaluate(model, other), 2,
                   "has the class 'bees', the network has none of this name; nearest: 'bee'");
  expect_complaint(compare(model, model, other), 2, "has the class 'bees'");
  const auto twice = network("twice", 0, {"crane", "crane", "cat"});
  expect_complaint(evaluate(twice, images("birds", 0, "crane\n")), 2,
                   "the network has several classes 'crane'");
}

TEST_F(Classes, TwoNetworksThatNameThemOtherwiseAreNotCompared) {
  const auto first = network("a", 0, {"ant", "bee", "cat"}),
             second = network("b", 0, {"ant", "cat", "bee"});
  expect_complaint(compare(first, second, images("d", 0, "ant\n")), 2,
                   "output 1 is 'bee' of '" + first + "' and 'cat' of '" + second + "'");
}

}  // namespace
}  // namespace ranklens::app
