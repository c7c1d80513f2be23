#include "ranklens/explain/methods.h"

#include <cstring>
#include <set>

#include <ATen/ops/isfinite.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/explain/executor.h"
#include "ranklens/nn/untrained.h"
#include "ranklens/nn/zoo/zoo.h"

#include "explain/nets.h"
#include "testing/expect_error.h"

namespace ranklens::explain {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Fixture {
  nn::Network network = nn::zoo::make("cnn-tt-matched", {.channels = 1, .size = 16, .width = 8});
  Request request{.network = &network,
                  .images = noise({2, 1, 16, 16}, 1, at::kFloat),
                  .targets = labels({3, 7}),
                  .seed = 4};
};

std::vector<std::string> every_spec() {
  std::vector<std::string> specs;
  for (const Method& method : methods()) {
    if (method.presets.empty()) specs.emplace_back(method.name);
    for (const auto preset : method.presets) {
      specs.push_back(fmt::format("{}(preset={})", method.name, preset));
    }
  }
  return specs;
}

TEST(Methods, EveryPresetGivesFiniteMapsWithItsName) {
  const Fixture f;
  for (const auto& spec : every_spec()) {
    const Attribution found = attribute(spec, f.request);
    EXPECT_EQ(found.maps.size(0), 2) << spec;
    EXPECT_TRUE(at::isfinite(found.maps).all().item<bool>()) << spec;
    if (spec == "untrained") continue;
    // The controls are of one kind only.
    const bool preset = spec.find('(') != std::string::npos;
    EXPECT_EQ(spec,
              preset ? fmt::format("{}(preset={})", found.method, found.preset) : found.method);
    EXPECT_TRUE(nlohmann::json::parse(found.options).is_object()) << spec;
    EXPECT_TRUE(found.is_signed || found.maps.min().item<float>() >= 0) << spec;
    if (spec.find("captum") == std::string::npos) {
      EXPECT_EQ(found.maps.sizes(), at::IntArrayRef({2, 16, 16})) << spec;
    }
  }
}

std::vector<char> bytes_of(const nn::State& state) {
  std::vector<char> bytes;
  for (const auto& [name, tensor] : state.tensors()) {
    const at::Tensor plain = tensor.detach().contiguous();
    const auto* data = static_cast<const char*>(plain.const_data_ptr());
    bytes.insert(bytes.end(), data, data + plain.nbytes());
    bytes.push_back(static_cast<char>(tensor.requires_grad()));
    bytes.push_back(static_cast<char>(tensor.grad().defined()));
  }
  return bytes;
}

TEST(Methods, ExplainingChangesNothing) {
  Fixture f;
  f.network.state = f.network.state.as_leaves();  // as in training
  const auto before = bytes_of(f.network.state);
  const at::Tensor images = f.request.images.clone();
  for (const auto& spec : every_spec()) attribute(spec, f.request);
  EXPECT_EQ(bytes_of(f.network.state), before);
  EXPECT_TRUE(f.request.images.equal(images));
  EXPECT_FALSE(f.request.images.requires_grad());
}

TEST(Methods, AreRepeatable) {
  const Fixture f;
  for (const auto& spec : every_spec()) {
    EXPECT_TRUE(attribute(spec, f.request).maps.equal(attribute(spec, f.request).maps)) << spec;
  }
}

TEST(Methods, SpecsChangeThePreset) {
  const Fixture f;
  const Attribution found =
      attribute("smoothgrad(preset=tf-keras-vis,samples=3,average=square,channel=sum)", f.request);
  EXPECT_EQ(found.preset, "tf-keras-vis");
  const auto options = nlohmann::json::parse(found.options);
  EXPECT_EQ(options["samples"], 3);
  EXPECT_EQ(options["sigma"], 0.2);
  EXPECT_EQ(options["average"], "square");
  EXPECT_EQ(options["channel"], "sum");
  EXPECT_EQ(options["scale"], true);
  EXPECT_EQ(attribute("gradcam(layer=relu4)", f.request).layer, "relu4");
}

std::string refusal(std::string_view spec, const Request& request) {
  return ranklens::testing::error_of([&] { attribute(spec, request); });
}

TEST(Methods, AnUntrainedCopyIsAControlOfEveryMethod) {
  const Fixture f;
  const nn::Network fresh = nn::untrained(f.network, f.request.seed);
  Request other = f.request;
  other.network = &fresh;
  for (const std::string spec : {"gradcam(layer=relu4)", "saliency", "smoothgrad(samples=3)"}) {
    const Attribution control = attribute("untrained(" + spec + ")", f.request);
    EXPECT_TRUE(control.maps.equal(attribute(spec, other).maps)) << spec;
    EXPECT_FALSE(control.maps.equal(attribute(spec, f.request).maps)) << spec;
    EXPECT_EQ(control.method, "untrained(" + spec.substr(0, spec.find('(')) + ")");
    EXPECT_THAT(control.notes.back(), HasSubstr("drawn anew (seed 4)"));
  }
  EXPECT_EQ(untrained_of("gradcam"), std::nullopt);
  EXPECT_EQ(untrained_of("untrained"), "gradcam");
  EXPECT_EQ(untrained_of("untrained( gradcam(layer=relu4))"), "gradcam(layer=relu4)");
  EXPECT_THAT(refusal("untrained(sobel)", f.request),
              HasSubstr("no method that looks at a network"));
  EXPECT_THAT(refusal("untrained(untrained(gradcam))", f.request),
              HasSubstr("no method that looks"));
  EXPECT_THAT(refusal("untrained(gradcam", f.request), HasSubstr("closing parenthesis"));
  EXPECT_THAT(refusal("untrained(gradcam(layer=rely4))", f.request), HasSubstr("relu4"));
  EXPECT_THAT(ranklens::testing::error_of(
                  [&] { check_spec("untrained(gradcam(layer=rely4))", f.network); }),
              HasSubstr("relu4"));
}

TEST(Methods, RefuseWhatTheyDoNotKnow) {
  const Fixture f;
  EXPECT_THAT(refusal("gradcan", f.request), HasSubstr("there is no method 'gradcan'; nearest: "
                                                       "'gradcam'"));
  EXPECT_THAT(refusal("smoothgrad(sample=3)", f.request), HasSubstr("sample"));
  EXPECT_THAT(refusal("smoothgrad(samples=0)", f.request), HasSubstr("samples"));
  EXPECT_THAT(refusal("smoothgrad(average=mean)", f.request), HasSubstr("average of gradients"));
  EXPECT_THAT(refusal("gradcam(layer=rely6)", f.request), HasSubstr("relu6"));
  Request nothing = f.request;
  nothing.network = nullptr;
  EXPECT_THAT(refusal("saliency", nothing), HasSubstr("needs a network"));
  EXPECT_EQ(refusal("sobel", nothing), "");
}

TEST(Methods, NamesAndKeysAreListed) {
  std::set<std::string_view> names;
  for (const Method& method : methods()) {
    EXPECT_TRUE(names.insert(method.name).second);
    EXPECT_EQ(&find_method(method.name), &method);
  }
  EXPECT_THAT(find_method("gradcam").options,
              ElementsAre("layer", "relu", "resize", "align", "scale"));
}

TEST(SplitSpecs, CommasInsideParenthesesStay) {
  EXPECT_THAT(split_specs("gradcam,smoothgrad(samples=2,sigma=0.1),sobel"),
              ElementsAre("gradcam", "smoothgrad(samples=2,sigma=0.1)", "sobel"));
}

TEST(ChunkSize, FollowsTheMemory) {
  const nn::Network net = smooth_net();
  EXPECT_EQ(chunk_size(net, 1, Pass::gradient), 1);
  const auto tenth = chunk_size(net, 100'000, Pass::gradient);
  EXPECT_NEAR(static_cast<double>(chunk_size(net, 1'000'000, Pass::gradient)),
              10.0 * static_cast<double>(tenth), 10);
  EXPECT_GT(chunk_size(net, 100'000, Pass::forward), tenth);
  // However much memory there is, not more than the caches like.
  const auto all = chunk_size(net, std::int64_t{1} << 40, Pass::gradient);
  EXPECT_EQ(all, chunk_size(net, std::int64_t{1} << 50, Pass::gradient));
  EXPECT_THROW(chunk_size(net, 0, Pass::forward), base::Error);
  // smooth_net() is in float64: twice the bytes of float32.
  const nn::Network half{net.graph, net.state.to(at::kFloat)};
  EXPECT_NEAR(static_cast<double>(chunk_size(half, 100'000, Pass::gradient)),
              2.0 * static_cast<double>(tenth), 1);
}

}  // namespace
}  // namespace ranklens::explain
