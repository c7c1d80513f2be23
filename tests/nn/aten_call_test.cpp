#include "ranklens/nn/operators/aten_call.h"

#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/masked_fill.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "ranklens/nn/builder.h"
#include "ranklens/nn/cut.h"
#include "ranklens/nn/inspect.h"
#include "ranklens/nn/operators/aten_allowed.h"

#include "testing/close.h"
#include "testing/expect_error.h"
#include "testing/normal.h"

namespace ranklens::nn {
namespace {

using nlohmann::json;
using ranklens::testing::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

json aten_input(int k) { return {{"input", k}}; }

/// A list, also of one item.
template <class... Items>
json json_list(const Items&... items) {
  json all = json::array();
  (all.push_back(json(items)), ...);
  return all;
}

template <class... Places>
json aten_inputs(Places... places) {
  return {{"inputs", json_list(places...)}};
}

OperatorPtr aten(const std::string& name, const json& arguments, const std::string& overload = "",
                 const json& weights = json::object()) {
  return make_operator("aten", {{"operator", "aten::" + name},
                                {"overload", overload},
                                {"arguments", arguments},
                                {"weights", weights}});
}

std::string aten_refusal(const std::string& name, const json& arguments = json::array(),
                         const std::string& overload = "") {
  return error_of([&] { aten(name, arguments, overload); });
}

TEST(AtenCall, RefusesWhatIsNoFunctionOfItsArgumentsAlone) {
  // Memory as it is, random numbers, files, sparse tensors, libtorch's own, sizes from values.
  for (const char* name : {"empty",
                           "empty_like",
                           "new_empty",
                           "new_empty_strided",
                           "empty_permuted",
                           "rand_like",
                           "randn_like",
                           "bernoulli",
                           "normal_functional",
                           "from_file",
                           "as_strided",
                           "_sparse_coo_tensor_unsafe",
                           "_sparse_csr_tensor_unsafe",
                           "to_dense",
                           "_embedding_bag",
                           "embedding_bag",
                           "native_group_norm",
                           "_unsafe_index",
                           "nonzero",
                           "masked_select",
                           "set_data",
                           "quantize_per_tensor",
                           "rrelu",
                           "native_dropout",
                           "batch_norm_stats",
                           "linspace"}) {
    EXPECT_THAT(aten_refusal(name), HasSubstr("is not among those that a network may call"))
        << name;
  }
  EXPECT_THAT(aten_refusal("softmaxx"), HasSubstr("; nearest: 'aten::softmax'"));
  EXPECT_THAT(aten_refusal("silu_", json_list(aten_input(0))),
              HasSubstr("changes its arguments, which a network may "
                        "not do; use 'aten::silu'"));
  EXPECT_THAT(error_of([] { make_operator("aten", {{"operator", "prims::add"}}); }),
              HasSubstr("'prims::add' is not among"));
}

TEST(AtenCall, RefusesOverloadsAndArgumentsThatAreNot) {
  EXPECT_THAT(aten_refusal("repeat_interleave", json_list(aten_input(0)), "Tensor"),
              HasSubstr("the overload 'Tensor'"));
  EXPECT_THAT(aten_refusal("view", json_list(aten_input(0), 6), "dtype"),
              HasSubstr("the overload 'dtype'"));
  EXPECT_THAT(aten_refusal("add", json_list(aten_input(0), aten_input(1)), "out"),
              HasSubstr("changes its arguments"));
  EXPECT_THAT(aten_refusal("dropout", json_list(aten_input(0), 0.5, true)),
              HasSubstr("may not be called with true as "
                        "'train'"));
  EXPECT_THAT(aten_refusal("dropout", json_list(aten_input(0), 0.5, aten_input(1))),
              HasSubstr("'train'"));
  EXPECT_EQ(aten_refusal("dropout", json_list(aten_input(0), 0.5, false)), "");
  EXPECT_THAT(aten_refusal("batch_norm", {aten_input(0), nullptr, nullptr, aten_input(1),
                                          aten_input(2), true, 0.1, 1e-5, false}),
              HasSubstr("'training'"));
  EXPECT_THAT(aten_refusal("div", json_list(aten_input(0), aten_input(1), "trunc"), "Tensor_mode"),
              HasSubstr("'rounding_mode'"));
  EXPECT_EQ(aten_refusal("div", json_list(aten_input(0), aten_input(1), "floor"), "Tensor_mode"),
            "");
  EXPECT_THAT(
      aten_refusal("max_pool1d", json_list(aten_input(0), json_list(std::int64_t{1} << 40))),
      HasSubstr("kernel_size: at most 32768 here"));
  // A quantised type, and one that there is not.
  EXPECT_THAT(aten_refusal("to", json_list(aten_input(0), 12), "dtype"),
              HasSubstr("12 as a type of numbers"));
  EXPECT_THAT(aten_refusal("to", json_list(aten_input(0), 1000), "dtype"),
              HasSubstr("1000 as a type of numbers"));
  EXPECT_THAT(aten_refusal("sum", json_list(aten_input(0)), ""), "");
  EXPECT_THAT(aten_refusal("linear", json_list(aten_input(0), json{{"weight", "w"}})),
              HasSubstr("no weight called \"w\""));
}

// Every name on the list is one that libtorch has, with at least one overload that may be called.
TEST(AtenCall, TheListIsOfPureOperatorsThatThereAre) {
  std::map<std::string, int> callable;
  for (const auto& found : c10::Dispatcher::singleton().getAllOpNames()) {
    if (!found.name.starts_with("aten::")) continue;
    const bool allowed =
        error_of([&] { require_allowed(found.name, found.overload_name); }).empty();
    if (!allowed) continue;
    const auto op = c10::Dispatcher::singleton().findSchema(found);
    if (!op) continue;
    const bool pure = error_of([&] { require_pure(op->schema()); }).empty();
    callable[found.name] += pure ? 1 : 0;
    EXPECT_EQ(found.name.find("aten::_"), std::string::npos) << found.name;
    for (const char* word :
         {"sparse", "quant", "rand", "empty", "backward", "unsafe", "cudnn", "nested"})
      EXPECT_EQ(found.name.find(word), std::string::npos) << found.name;
    if (!pure) continue;
    const auto& taken = op->schema().arguments();
    EXPECT_TRUE(std::any_of(taken.begin(), taken.end(),
                            [](const c10::Argument& one) {
                              return one.type()->str().find("Tensor") != std::string::npos;
                            }))
        << found.name << " makes a tensor out of nothing";
  }
  EXPECT_GT(callable.size(), 200U);
  for (const auto& [name, overloads] : callable) EXPECT_GT(overloads, 0) << name;
  for (const auto& name : allowed_operators()) EXPECT_TRUE(callable.contains(name)) << name;
}

TEST(AtenCall, WholeNumbersAndTruthValuesPassFromNodeToNode) {
  GraphBuilder g;
  const auto x = g.input("x", {5});
  const auto best = g.add("best", aten("argmax", json_list(aten_input(0), 1, true)), {x});
  g.add("top", aten("gather", json_list(aten_input(0), 1, aten_input(1))), {x, best});
  const auto above = g.add("above", aten("gt", json_list(aten_input(0), 0), "Scalar"), {x});
  g.add("hidden", aten("masked_fill", json_list(aten_input(0), aten_input(1), -1), "Scalar"),
        {x, above});
  const auto flat = g.flatten("flat", best);
  g.add("again", aten("gather", json_list(aten_input(0), 1, aten_input(1))), {x, flat});
  const auto net = g.build(0, {"top", "hidden", "again"});
  const auto data = testing::normal_float({4, 5});
  const auto result = net.run(data);
  EXPECT_TRUE(at::equal(result.outputs[0], data.amax(1, true)));
  EXPECT_TRUE(at::equal(result.outputs[1], data.masked_fill(data.gt(0), -1)));
  EXPECT_TRUE(at::equal(result.outputs[2], result.outputs[0]));
  // A cut between them takes the whole numbers along.
  const auto cut = cut_after(net.graph, "best");
  const auto rest = tail(net, cut);
  EXPECT_EQ(value_infos(rest.graph).at("best").type, at::kLong);
  EXPECT_TRUE(at::equal(rest.run(head(net, cut).run(data).outputs).output(), result.output()));
  const auto infos = value_infos(net.graph, 4);
  EXPECT_EQ(infos.at("best").type, at::kLong);
  EXPECT_EQ(infos.at("above").type, at::kBool);
  EXPECT_EQ(infos.at("flat").type, at::kLong);
  EXPECT_EQ(infos.at("top").type, at::kFloat);
  EXPECT_THAT(infos.at("top").shape, ElementsAre(4, 1));
}

/// What infer_values says of one call, beside what run gives.
struct AtenSample {
  const char* name;
  std::vector<Shape> inputs;
  json arguments;
  const char* overload = "";
};

TEST(AtenCall, WhatIsInferredIsWhatComesOut) {
  const json none;
  const WeightsByRole nothing;
  const auto x = aten_input(0), y = aten_input(1), z = aten_input(2);
  const std::vector<AtenSample> samples{
      {"silu", {{2, 5}}, json_list(x)},
      {"glu", {{2, 6}}, json_list(x, 1)},
      {"softmax", {{2, 5}}, json_list(x, -1), "int"},
      {"clamp", {{2, 5}}, json_list(x, -1, 1)},
      {"topk", {{2, 5}}, json_list(x, 3)},
      {"max", {{2, 5}}, json_list(x, 1), "dim"},
      {"cumsum", {{2, 5}}, json_list(x, 1)},
      {"var_mean", {{2, 5}}, json_list(x, json_list(1), true), "dim"},
      {"linalg_vector_norm", {{2, 5}}, json_list(x, 2, json_list(1))},
      {"permute", {{2, 3, 4}}, json_list(x, json_list(0, 2, 1))},
      {"slice",
       {{2, 5}},
       json_list(x, 1, 1, std::numeric_limits<std::int64_t>::max(), 2),
       "Tensor"},
      {"pixel_shuffle", {{2, 8, 3, 3}}, json_list(x, 2)},
      {"unfold", {{2, 9}}, json_list(x, 1, 3, 2)},
      {"repeat_interleave", {{2, 3}}, json_list(x, 2, 1), "self_int"},
      {"stack", {{2, 3}, {2, 3}}, json_list(aten_inputs(0, 1), 1)},
      {"bmm", {{2, 3, 4}, {2, 4, 5}}, json_list(x, y)},
      {"einsum", {{2, 3, 4}, {2, 4, 5}}, json_list("bij,bjk->bik", aten_inputs(0, 1))},
      {"conv1d", {{2, 3, 9}, {4, 3, 3}}, json_list(x, y, none, json_list(2), json_list(1))},
      {"conv2d",
       {{2, 3, 9, 9}, {4, 3, 3, 3}},
       json_list(x, y, none, json_list(2, 2), json_list(1, 1))},
      {"conv_transpose2d",
       {{2, 3, 4, 4}, {3, 5, 2, 2}},
       json_list(x, y, none, json_list(2, 2)),
       "input"},
      {"cdist", {{2, 3, 4}, {2, 6, 4}}, json_list(x, y)},
      {"cosine_similarity", {{2, 4}, {2, 4}}, json_list(x, y, 1)},
      {"scaled_dot_product_attention",
       {{2, 2, 3, 4}, {2, 2, 5, 4}, {2, 2, 5, 6}},
       json_list(x, y, z)},
      {"adaptive_max_pool2d", {{2, 3, 9, 9}}, json_list(x, json_list(2, 2))},
      {"max_pool2d",
       {{2, 3, 9, 9}},
       json_list(x, json_list(3, 3), json_list(2, 2), json_list(1, 1), json_list(1, 1), true)},
      {"avg_pool1d", {{2, 3, 9}}, json_list(x, json_list(2))},
      {"group_norm", {{2, 6, 4, 4}}, json_list(x, 3)},
      {"instance_norm",
       {{2, 6, 4, 4}},
       json_list(x, none, none, none, none, true, 0.1, 1e-5, true)},
      {"layer_norm", {{2, 6}}, json_list(x, json_list(6))},
      {"rms_norm", {{2, 6}}, json_list(x, json_list(6))},
      {"pad", {{2, 3, 4, 4}}, json_list(x, json_list(1, 1, 2, 2), "reflect")},
      {"upsample_bilinear2d", {{2, 3, 4, 4}}, json_list(x, json_list(8, 9), false)},
      {"upsample_nearest2d", {{2, 3, 4, 4}}, json_list(x, none, json_list(2.0, 2.0)), "vec"},
      {"grid_sampler", {{2, 3, 4, 4}, {2, 5, 6, 2}}, json_list(x, y, 0, 0, false)},
      {"affine_grid_generator", {{2, 2, 3}}, json_list(x, json_list(2, 1, 4, 5), false)},
      {"to", {{2, 3}}, json_list(x, 7), "dtype"},
  };
  const c10::NoGradGuard no_grad;
  for (const auto& sample : samples) {
    std::vector<ValueInfo> infos;
    std::vector<at::Tensor> values;
    for (const auto& shape : sample.inputs) {
      infos.push_back({shape});
      values.push_back(at::full(shape, 0.25, at::kFloat));
    }
    const auto op = aten(sample.name, sample.arguments, sample.overload);
    const auto inferred = op->infer_values(infos);
    const auto outputs = op->run({.node = "n", .inputs = values, .weights = nothing});
    ASSERT_EQ(inferred.size(), outputs.size()) << sample.name;
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      EXPECT_EQ(inferred[k].shape, outputs[k].sizes().vec()) << sample.name;
      EXPECT_EQ(inferred[k].type, outputs[k].scalar_type()) << sample.name;
    }
  }
}

// Nothing is allocated to find out a shape.
TEST(AtenCall, InfersLargeShapesWithoutTheirMemory) {
  const std::vector<ValueInfo> large{{{1, 1 << 20, 1 << 19}}};
  EXPECT_THAT(aten("silu", json_list(aten_input(0)))->infer_values(large)[0].shape,
              ElementsAre(1, 1 << 20, 1 << 19));
}

TEST(AtenCall, ConstantsHaveTheirType) {
  const std::vector<ValueInfo> x{{{2, 5}}};
  const auto fault = [&](const OperatorPtr& op) { return error_of([&] { op->infer_values(x); }); };
  EXPECT_THAT(fault(aten("cumsum", json_list(aten_input(0), 0.5))),
              HasSubstr("0.5 is no whole number"));
  EXPECT_THAT(fault(aten("cumsum", json_list(aten_input(0), nullptr))),
              HasSubstr("null cannot be given"));
  EXPECT_THAT(fault(aten("permute", json_list(aten_input(0), json_list(0, 1.5)))),
              HasSubstr("1.5 is no whole number"));
  EXPECT_THAT(fault(aten("softmax", json_list(aten_input(0), 7), "int")),
              HasSubstr("'aten::softmax' failed"));
}

}  // namespace
}  // namespace ranklens::nn
