#include "ranklens/nn/operators/embedding.h"

#include <ATen/ops/embedding.h>
#include <ATen/ops/randint.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/nn/builder.h"
#include "ranklens/nn/graph_json.h"
#include "ranklens/nn/inspect.h"
#include "ranklens/nn/model_file.h"

#include "testing/close.h"
#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::nn {
namespace {

using ranklens::testing::close;
using ranklens::testing::error_of;
using ::testing::HasSubstr;

constexpr std::int64_t kRows = 60, kColumns = 12;
const char* const kTables[] = {"dense",
                               "low_rank(r=5)",
                               "tucker(r=6x4)",
                               "cp(r=7)",
                               "tt(out=3x4x5,in=2x3x2,r=4x5)",
                               "tt(out=10x6,in=4x3,r=6)",
                               "tt(out=60,in=12,r=1)"};

Network tokens(const std::string& spec) {
  GraphBuilder g;
  g.embedding("table", g.input("tokens", {7}),
              {.rows = kRows, .columns = kColumns, .weight = spec});
  return g.build(3);
}

/// Rows by themselves and again, neighbours, the first and the last.
at::Tensor some_rows() {
  return at::tensor({0, 59, 7, 7, 8, 30, 59, 31, 32, 7, 0, 14, 15, 58}, at::kLong).reshape({2, 7});
}

TEST(Embedding, LooksUpTheRowsOfTheTable) {
  for (const auto* spec : kTables) {
    const auto net = tokens(spec);
    const auto table = net.state.at("table.weight").weight->dense();
    EXPECT_EQ(table.sizes(), (Shape{kRows, kColumns}));
    EXPECT_TRUE(close(net(some_rows()), at::embedding(table, some_rows()))) << spec;
    EXPECT_TRUE(close(net(some_rows().to(at::kInt)), at::embedding(table, some_rows()))) << spec;
    EXPECT_EQ(net(some_rows().narrow(0, 0, 0)).sizes(), (Shape{0, 7, kColumns})) << spec;
    const auto all = at::arange(kRows, at::kLong);
    EXPECT_TRUE(close(net.state.at("table.weight").weight->rows(all), table)) << spec;
  }
}

struct TableLeaves {
  Weight weight;
  std::vector<at::Tensor> tensors;
};

TableLeaves table_leaves(const std::string& spec, at::ScalarType type) {
  TableLeaves leaves;
  leaves.weight =
      map_factors(tokens(spec).state.at("table.weight").weight, [&](const auto& factor) {
        leaves.tensors.push_back(factor.detach().to(type).clone().requires_grad_());
        return leaves.tensors.back();
      });
  return leaves;
}

TEST(Embedding, GradientsAreThoseThroughTheTable) {
  const auto dy = base::Stream(1, "test", "dy").normal({2, 7, kColumns}, 0, 1, at::kDouble);
  for (const auto* spec : kTables) {
    const auto [weight, factors] = table_leaves(spec, at::kDouble);
    const auto of = [&](const at::Tensor& y) {
      const auto first = torch::autograd::grad({(y.pow(3) * dy).sum()}, factors, {}, true, true);
      at::Tensor sum = at::zeros({}, at::kDouble);
      for (const auto& gradient : first) sum = sum + gradient.pow(2).sum();
      auto all = torch::autograd::grad({sum}, factors);  // and twice
      all.insert(all.end(), first.begin(), first.end());
      return all;
    };
    const auto found = of(weight->rows(some_rows())),
               wanted = of(at::embedding(weight->dense(), some_rows()));
    for (std::size_t k = 0; k < found.size(); ++k)
      EXPECT_TRUE(close(found[k], wanted[k], 1e-10, 1e-10)) << spec << ", gradient " << k;
  }
}

TEST(Embedding, GradientsAreFiniteDifferences) {
  const auto dy = base::Stream(1, "test", "dy").normal({2, 7, kColumns}, 0, 1, at::kDouble);
  for (const auto* spec : kTables) {
    const auto [weight, factors] = table_leaves(spec, at::kDouble);
    const auto found = torch::autograd::grad({(weight->rows(some_rows()) * dy).sum()}, factors);
    for (std::size_t k = 0; k < factors.size(); ++k) {
      const auto direction =
          base::Stream(k, "test", "direction").normal(factors[k].sizes(), 0, 1, at::kDouble);
      const auto value = [&](double step) {
        std::vector<at::Tensor> moved;
        for (const auto& factor : factors) moved.push_back(factor.detach());
        moved[k] = moved[k] + step * direction;
        return (weight->with(moved)->rows(some_rows()) * dy).sum().item<double>();
      };
      const double wanted = (value(1e-5) - value(-1e-5)) / 2e-5;
      EXPECT_NEAR((found[k] * direction).sum().item<double>(), wanted,
                  1e-8 * (1 + std::abs(wanted)))
          << spec << ", factor " << k;
    }
  }
}

TEST(Embedding, EveryType) {
  for (const auto* spec : kTables) {
    for (const auto& [type, tolerance] : {std::pair{at::kFloat, 1e-5}, {at::kBFloat16, 4e-2}}) {
      const auto [weight, factors] = table_leaves(spec, type);
      std::vector<at::Tensor> exact;
      for (const auto& factor : factors) exact.push_back(factor.detach().to(at::kDouble));
      const auto y = weight->rows(some_rows());
      EXPECT_EQ(y.scalar_type(), type);
      const auto wanted = at::embedding(weight->with(exact)->dense(), some_rows());
      EXPECT_TRUE(
          close(y.to(at::kDouble), wanted, 0, tolerance * wanted.abs().max().item<double>()))
          << spec;
      for (const auto& gradient : torch::autograd::grad({y.sum()}, factors)) {
        EXPECT_EQ(gradient.scalar_type(), type);
        EXPECT_TRUE(gradient.isfinite().all().item<bool>());
      }
    }
  }
}

TEST(Embedding, ATiedTableIsAlsoTheLastLayer) {
  GraphBuilder g;
  const auto x = g.embedding("table", g.input("tokens", {7}),
                             {.rows = kRows, .columns = kColumns, .weight = kTables[4]});
  g.add("logits", make_operator("linear", {{"in", kColumns}, {"out", kRows}, {"bias", false}}), {x},
        {{"weight", {.share = "table.weight"}}});
  const auto net = g.build(3);
  const auto table = net.state.at("table.weight").weight->dense();
  EXPECT_TRUE(close(net(some_rows()), at::matmul(at::embedding(table, some_rows()), table.t()),
                    1e-4, 1e-5));
}

TEST(Embedding, CostsAndFiles) {
  const auto net = tokens("tt(out=3x4x5,in=2x3x2,r=4x5)");
  const auto cost = costs(net, 2).back();
  EXPECT_EQ(cost.parameters, 3 * 2 * 4 + 4 * 4 * 3 * 5 + 5 * 5 * 2);
  EXPECT_EQ(cost.weight, "tt(out=3x4x5,in=2x3x2,r=4x5)");
  EXPECT_EQ(cost.outputs.front(), (Shape{2, 7, kColumns}));
  // A row: [2 x 4] [4 x 15], then [6 x 5] [5 x 2].
  EXPECT_EQ(cost.multiply_adds, 14 * (2 * 4 * 15 + 6 * 5 * 2));
  EXPECT_EQ(costs(tokens("dense"), 2).back().multiply_adds, 0);
  const ranklens::testing::TemporaryFolder folder;
  for (const auto* spec : kTables) {
    const auto one = tokens(spec);
    EXPECT_EQ(to_json(graph_from_json(to_json(one.graph))), to_json(one.graph));
    write_model(folder / "model.safetensors", {.network = one});
    const auto again = read_model(folder / "model.safetensors").network;
    EXPECT_TRUE(at::equal(again(some_rows()), one(some_rows()))) << spec;
    EXPECT_EQ(again.state.at("table.weight").weight->kind(),
              one.state.at("table.weight").weight->kind());
  }
}

TEST(Embedding, SaysWhatIsWrong) {
  const auto net = tokens("tt(out=3x4x5,in=2x3x2,r=4)");
  EXPECT_THAT(error_of([&] { net(at::full({1, 7}, 60, at::kLong)); }),
              HasSubstr("has the rows 0 to 59, and is asked for row 60"));
  EXPECT_THAT(error_of([&] { net(at::full({1, 7}, -1, at::kLong)); }), HasSubstr("for row -1"));
  EXPECT_THAT(error_of([&] { net(at::zeros({1, 7})); }), HasSubstr("whole numbers, not float32"));
  EXPECT_THAT(error_of([] { make_operator("embedding", {{"rows", 0}, {"columns", 2}}); }),
              HasSubstr("at least one row"));
  EXPECT_THAT(error_of([] {
                make_operator("embedding", {{"rows", std::int64_t{1} << 62}, {"columns", 4}});
              }),
              HasSubstr("is too large"));
  EXPECT_THAT(error_of([] { make_operator("embedding", {{"row", 3}}); }), HasSubstr("'rows'"));
}

}  // namespace
}  // namespace ranklens::nn
