#include "ranklens/tn/linear/tt_linear.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/linear/merge.h"
#include "ranklens/tn/linear/panels/table.h"

namespace ranklens::tn {
namespace {

std::vector<at::Tensor> random_cores(const TrainModes& modes, at::ScalarType type) {
  std::vector<at::Tensor> cores;
  for (std::size_t k = 0; k < modes.cores(); ++k) {
    cores.push_back(
        at::randn({modes.ranks[k], modes.out[k], modes.in[k], modes.ranks[k + 1]}, at::kDouble)
            .div(std::sqrt(static_cast<double>(modes.in[k] * modes.ranks[k])))
            .to(type));
  }
  return cores;
}

/// W entry by entry: the product of one slice of each core.
at::Tensor by_entries(const std::vector<at::Tensor>& cores) {
  const auto modes = modes_of(cores);
  const auto rows = modes.outs(0, cores.size()), columns = modes.ins(0, cores.size());
  auto w = at::empty({rows, columns}, at::kDouble);
  auto entries = w.accessor<double, 2>();
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      auto left = at::ones({1}, at::kDouble);
      std::int64_t stride_i = rows, stride_j = columns;
      for (const auto& core : cores) {
        stride_i /= core.size(1), stride_j /= core.size(2);
        const auto slice =
            core.select(2, j / stride_j % core.size(2)).select(1, i / stride_i % core.size(1));
        left = at::mv(slice.to(at::kDouble).t(), left);
      }
      entries[i][j] = left.item<double>();
    }
  }
  return w;
}

/// All ways to absorb d cores, grouped or not, from either end.
void all_orders(std::size_t first, std::size_t last, std::vector<Absorption>& taken,
                std::vector<std::vector<Absorption>>& found) {
  taken.push_back({first, last, true});
  found.push_back(taken);
  taken.pop_back();
  for (auto k = first + 1; k < last; ++k) {
    taken.push_back({first, k, true});
    all_orders(k, last, taken, found);
    taken.back() = {k, last, false};
    all_orders(first, k, taken, found);
    taken.pop_back();
  }
}

struct Gradients {
  at::Tensor y, x, bias;
  std::vector<at::Tensor> cores;
};

Gradients through(const std::vector<at::Tensor>& cores, const at::Tensor& x, const at::Tensor& bias,
                  const at::Tensor& dy, const TTLinearOptions& options) {
  std::vector<at::Tensor> leaves{x.detach().clone().requires_grad_(),
                                 bias.detach().clone().requires_grad_()};
  for (const auto& core : cores) leaves.push_back(core.detach().clone().requires_grad_());
  const std::vector<at::Tensor> own(leaves.begin() + 2, leaves.end());
  const auto y = tt_linear(own, leaves[0], leaves[1], options);
  const auto g = torch::autograd::grad({y}, leaves, {dy});
  return {y.detach(), g[0], g[1], {g.begin() + 2, g.end()}};
}

Gradients through_dense(const std::vector<at::Tensor>& cores, const at::Tensor& x,
                        const at::Tensor& bias, const at::Tensor& dy) {
  std::vector<at::Tensor> leaves{x.detach().clone().requires_grad_(),
                                 bias.detach().clone().requires_grad_()};
  for (const auto& core : cores) leaves.push_back(core.detach().clone().requires_grad_());
  const std::vector<at::Tensor> own(leaves.begin() + 2, leaves.end());
  const auto y = at::matmul(leaves[0], dense_matrix(own).t()) + leaves[1];
  const auto g = torch::autograd::grad({y}, leaves, {dy});
  return {y.detach(), g[0], g[1], {g.begin() + 2, g.end()}};
}

void expect_close(const at::Tensor& a, const at::Tensor& b, double tolerance) {
  ASSERT_EQ(a.sizes(), b.sizes());
  EXPECT_LE((a - b).abs().max().item<double>(), tolerance * (1 + b.abs().max().item<double>()));
}

constexpr std::array<std::pair<at::ScalarType, double>, 3> kTypes{
    {{at::kDouble, 1e-13}, {at::kFloat, 1e-5}, {at::kBFloat16, 4e-2}}};
const TrainModes kPrimes{.out = {2, 3, 5, 7}, .in = {3, 5, 2, 11}, .ranks = {1, 4, 6, 2, 1}};

TEST(TTLinear, TheMergedMatrixIsTheTrainEntryByEntry) {
  const TrainModes modes{.out = {2, 3, 5}, .in = {3, 5, 2}, .ranks = {1, 4, 6, 1}};
  const auto cores = random_cores(modes, at::kDouble);
  expect_close(dense_matrix(cores), by_entries(cores), 1e-14);
}

TEST(TTLinear, EveryOrderGivesTheSameResultAndGradients) {
  at::manual_seed(1);
  const auto cores = random_cores(kPrimes, at::kDouble);
  const auto x = at::randn({5, 330}, at::kDouble), dy = at::randn({5, 210}, at::kDouble),
             bias = at::randn({210}, at::kDouble);
  const auto wanted = through_dense(cores, x, bias, dy);
  std::vector<Absorption> taken;
  std::vector<std::vector<Absorption>> orders;
  all_orders(0, 4, taken, orders);
  ASSERT_EQ(orders.size(), 27);  // a(d) = 1 + 2 (a(1) + ... + a(d-1)): 1, 3, 9, 27
  for (const auto& steps : orders) {
    for (const bool batch_last : {false, true}) {
      for (const bool stored : {false, true}) {
        const Schedule schedule{.steps = steps,
                                .batch_last = batch_last,
                                .tile = stored ? 5 : 2,  // 2 leaves a tile of one row
                                .stored = std::vector<bool>(steps.size() - 1, stored)};
        SCOPED_TRACE(describe(schedule));
        const auto found = through(cores, x, bias, dy, {.schedule = schedule});
        expect_close(found.y, wanted.y, 1e-13);
        expect_close(found.x, wanted.x, 1e-13);
        expect_close(found.bias, wanted.bias, 1e-13);
        for (std::size_t k = 0; k < cores.size(); ++k)
          expect_close(found.cores[k], wanted.cores[k], 1e-13);
        const at::NoGradGuard no_gradients;
        expect_close(tt_linear(cores, x, bias, {.schedule = schedule}), wanted.y, 1e-13);
      }
    }
  }
}

/// A train in two steps by panels: cut after `cut` cores, from either end.
Schedule by_panels(std::size_t cut, std::size_t cores, bool from_left, bool stored) {
  Schedule schedule{.tile = 16, .panels = true, .stored = {stored}};
  schedule.steps = from_left ? std::vector<Absorption>{{0, cut, true}, {cut, cores, true}}
                             : std::vector<Absorption>{{cut, cores, false}, {0, cut, true}};
  return schedule;
}

void expect_dense_layer(const std::vector<at::Tensor>& cores, std::int64_t batch,
                        const Schedule& schedule, double tolerance) {
  SCOPED_TRACE(describe(schedule));
  const auto modes = modes_of(cores);
  const auto type = cores.front().options();
  const auto n = modes.ins(0, cores.size()), m = modes.outs(0, cores.size());
  const auto x = at::randn({batch, n}, type), bias = at::randn({m}, type),
             dy = at::randn({batch, m}, type);
  std::vector<at::Tensor> exact;
  for (const auto& core : cores) exact.push_back(core.to(at::kDouble));
  const auto wanted =
      through_dense(exact, x.to(at::kDouble), bias.to(at::kDouble), dy.to(at::kDouble));
  const auto found = through(cores, x, bias, dy, {.schedule = schedule});
  expect_close(found.y.to(at::kDouble), wanted.y, tolerance);
  expect_close(found.x.to(at::kDouble), wanted.x, tolerance);
  expect_close(found.bias.to(at::kDouble), wanted.bias, tolerance);
  for (std::size_t k = 0; k < cores.size(); ++k)
    expect_close(found.cores[k].to(at::kDouble), wanted.cores[k], tolerance);
  const at::NoGradGuard no_gradients;
  expect_close(tt_linear(cores, x, bias, {.schedule = schedule}).to(at::kDouble), wanted.y,
               tolerance);
}

TEST(TTLinear, PanelsGiveTheSameResultAndGradients) {
  if (panels::table() == nullptr) GTEST_SKIP() << "no kernels for this processor";
  at::manual_seed(4);
  const auto cores = random_cores(kPrimes, at::kFloat);
  for (std::size_t cut = 1; cut < 4; ++cut) {
    for (const bool from_left : {false, true}) {
      for (const bool stored : {false, true}) {
        for (const std::int64_t batch : {1, 8, 37})
          expect_dense_layer(cores, batch, by_panels(cut, 4, from_left, stored), 2e-6);
      }
    }
  }
}

TEST(TTLinear, ARebuiltMatrixGivesTheSameResultAndGradients) {
  at::manual_seed(5);
  for (const bool stored : {false, true}) {
    const Schedule rebuilt{.steps = {{0, 4, true}}, .rebuild = true, .stored = {stored}};
    expect_dense_layer(random_cores(kPrimes, at::kDouble), 6, rebuilt, 1e-13);
    expect_dense_layer(random_cores(kPrimes, at::kFloat), 6, rebuilt, 2e-6);
  }
}

TEST(TTLinear, ARebuiltMatrixInStripsGivesTheSameResultAndGradients) {
  if (panels::table() == nullptr) GTEST_SKIP() << "no kernels for this processor";
  at::manual_seed(7);
  // Halves of other sizes, right ones of 16 and 48, or 48 and 32.
  const TrainModes modes{.out = {3, 5, 16}, .in = {4, 3, 48}, .ranks = {1, 7, 6, 1}};
  const TrainModes wide{.out = {2, 3, 16}, .in = {5, 2, 16}, .ranks = {1, 7, 40, 1}};
  for (const auto& sizes : {modes, wide}) {
    const auto cores = random_cores(sizes, at::kFloat);
    for (const std::size_t cut : {1, 2}) {
      const Schedule strips{
          .steps = {{0, cut, true}, {cut, 3, true}}, .tile = 16, .rebuild = true, .panels = true};
      for (const std::int64_t batch : {1, 37, 300}) expect_dense_layer(cores, batch, strips, 5e-6);
    }
  }
}

TEST(TTLinear, TransposedCoresArePlannedToo) {
  at::manual_seed(6);
  auto cores = random_cores({.out = {8, 9}, .in = {9, 8}, .ranks = {1, 4, 1}}, at::kFloat);
  for (auto& core : cores) core = core.transpose(1, 2);
  for (const std::int64_t batch : {3, 64})
    expect_dense_layer(cores, batch, tt_linear_schedule(cores, batch, true), 2e-6);
}

TEST(TTLinear, PlannedSchedulesInEveryType) {
  at::manual_seed(2);
  for (const auto& modes :
       {TrainModes{.out = {12}, .in = {30}, .ranks = {1, 1}},
        TrainModes{.out = {4, 8}, .in = {8, 4}, .ranks = {1, 1, 1}},
        TrainModes{.out = {8, 8, 8}, .in = {8, 8, 8}, .ranks = {1, 3, 3, 1}}, kPrimes}) {
    for (const auto& [type, tolerance] : kTypes) {
      const auto cores = random_cores(modes, type);
      const auto n = modes.ins(0, modes.cores()), m = modes.outs(0, modes.cores());
      const auto x = at::randn({3, 7, n}).to(type), bias = at::randn({m}).to(type);
      const auto dy = at::randn({3, 7, m}).to(type);
      std::vector<at::Tensor> exact;
      for (const auto& core : cores) exact.push_back(core.to(at::kDouble));
      const auto wanted =
          through_dense(exact, x.to(at::kDouble), bias.to(at::kDouble), dy.to(at::kDouble));
      for (const auto keep : {KeepStates::low_memory, KeepStates::fast}) {
        const auto found = through(cores, x, bias, dy, {.keep = keep});
        EXPECT_EQ(found.y.scalar_type(), type);
        expect_close(found.y.to(at::kDouble), wanted.y, tolerance);
        expect_close(found.x.to(at::kDouble), wanted.x, tolerance);
        for (std::size_t k = 0; k < cores.size(); ++k)
          expect_close(found.cores[k].to(at::kDouble), wanted.cores[k], 2 * tolerance);
      }
    }
  }
}

TEST(TTLinear, CanBeDifferentiatedTwice) {
  at::manual_seed(3);
  auto cores = random_cores({.out = {2, 3}, .in = {3, 2}, .ranks = {1, 2, 1}}, at::kDouble);
  for (auto& core : cores) core.requires_grad_();
  const auto x = at::randn({4, 6}, at::kDouble).requires_grad_();
  const Schedule halves{.steps = {{1, 2, false}, {0, 1, true}}, .tile = 2, .stored = {false}};
  const auto of = [&](const at::Tensor& y) {
    const auto first = torch::autograd::grad({y.pow(3).sum()}, {x}, {}, true, true);
    return torch::autograd::grad({first[0].pow(2).sum()}, {x, cores[0], cores[1]});
  };
  const Schedule rebuilt{.steps = {{0, 2, true}}, .rebuild = true, .stored = {true}};
  const auto wanted = of(at::matmul(x, dense_matrix(cores).t()));
  for (const auto& schedule : {halves, rebuilt}) {
    const auto found = of(tt_linear(cores, x, {}, {.schedule = schedule}));
    for (std::size_t k = 0; k < 3; ++k) expect_close(found[k], wanted[k], 1e-12);
  }
}

TEST(TTLinear, SaysWhatDoesNotFit) {
  const auto cores = random_cores(kPrimes, at::kFloat);
  EXPECT_THROW(tt_linear(cores, at::ones({2, 331})), base::Error);
  EXPECT_EQ(tt_linear(cores, at::ones({0, 330})).sizes(), (std::vector<std::int64_t>{0, 210}));
}

}  // namespace
}  // namespace ranklens::tn
