#include <ctime>

#include <ATen/ops/mm.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/tn/contraction/execute.h"
#include "ranklens/tn/formats/hooi.h"
#include "ranklens/tn/formats/hosvd.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/decompose.h"
#include "ranklens/tn/train/make.h"

#include "testing/peak_memory.h"
#include "tn/values.h"

// What things may cost, in bytes: faults that only show in sizes.
namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

std::int64_t bytes_of(const at::Tensor& tensor) {
  return tensor.numel() * static_cast<std::int64_t>(tensor.element_size());
}

double processor_seconds() {
  return static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
}

// A full U of the long side has 1500 times as many numbers as the matrix.
TEST(OracleCost, LongThinUnfoldingsHaveThinFactors) {
  const auto tall = noise({6000, 4}, at::kDouble, 1);
  const auto tensor = noise({6000, 2, 2}, at::kDouble, 2);
  for (const auto method :
       {Factoriser::automatic, Factoriser::svd, Factoriser::gram, Factoriser::randomised}) {
    for (const auto& matrix : {tall, tall.t()}) {
      const auto memory = allocated_by([&] { factorise(matrix, {.max_rank = 3}, method); });
      EXPECT_LE(memory.largest, 4 * bytes_of(tall));
    }
    for (const auto& order : {Shape{0, 1, 2}, {1, 2, 0}}) {
      const auto memory = allocated_by(
          [&] { decompose(tensor.permute(order), {.ranks = {2}, .factoriser = method}); });
      EXPECT_LE(memory.largest, 4 * bytes_of(tensor));
    }
  }
  const auto memory = allocated_by([&] { st_hosvd(tensor, {.bounds = {.ranks = {4, 2, 2}}}); });
  EXPECT_LE(memory.largest, 4 * bytes_of(tensor));
}

// Of 100^3 the Gram matrix of the long side has 10^8 numbers, and its eigenvectors take minutes.
TEST(OracleCost, GramMatricesAreOfTheShortSide) {
  const auto tensor = noise({100, 100, 100}, at::kDouble, 1);
  const auto flat = tensor.reshape({100, -1});
  at::mm(flat, flat.t());  // warm
  double start = processor_seconds();
  for (int i = 0; i < 10; ++i) at::mm(flat, flat.t());
  const double product = (processor_seconds() - start) / 10;
  start = processor_seconds();
  const auto memory = allocated_by([&] { st_hosvd(tensor, {.bounds = {.ranks = {10, 10, 10}}}); });
  const double once = processor_seconds() - start;
  EXPECT_LE(memory.largest, 2 * bytes_of(tensor));
  EXPECT_LT(once, 100 * product);  // the long side's Gram matrix alone is 100 such products
  start = processor_seconds();
  const auto swept = allocated_by(
      [&] { hooi(tensor, {.ranks = {10, 10, 10}, .max_sweeps = 10, .tolerance = 0}); });
  EXPECT_LE(swept.largest, 2 * bytes_of(tensor));
  EXPECT_LT(processor_seconds() - start, 1000 * product);
}

// Rows of a table are looked up one by one: the table itself is never made, nor read as a whole.
TEST(OracleCost, LookUpsFollowTheNumberOfIndices) {
  const auto bytes = [](std::int64_t rows, std::int64_t count) {
    base::Stream stream(5, "init", "table");
    const auto table = random(stream, {rows, rows, rows}, {.ranks = {16}});
    const auto indices = base::Stream(6, "data").integers({count, 3}, rows);
    return allocated_by([&] { elements(table, indices); }).total;
  };
  const auto few = bytes(100, 10), many = bytes(100, 1000), larger = bytes(2000, 10);
  EXPECT_LT(static_cast<double>(many), 110.0 * static_cast<double>(few));
  EXPECT_EQ(few, larger);
}

/// Bytes that a function of the cores and its gradient take.
template <class Function>
double bytes_with_gradient(std::int64_t sites, Function&& function) {
  base::Stream stream(5, "init", "sites");
  auto train = random(stream, Shape(static_cast<std::size_t>(sites), 2), {.ranks = {4}});
  for (auto& core : train.cores) core = core.detach().requires_grad_();
  const auto memory = allocated_by([&] { torch::autograd::grad({function(train)}, train.cores); });
  return static_cast<double>(memory.total);
}

/// Twice the sites must not take four times as much.
template <class Function>
void expect_linear(Function&& function) {
  const double once = bytes_with_gradient(100, function);
  const double twice = bytes_with_gradient(200, function);
  EXPECT_GT(once, 0);
  EXPECT_LT(twice, 2.3 * once);
}

TEST(OracleCost, BackwardPassesAreLinearInTheSites) {
  expect_linear([](const TensorTrain& x) { return dot(x, x); });
  expect_linear([](const TensorTrain& x) { return sum(x); });
  expect_linear([](const TensorTrain& x) {
    return elements(x, at::zeros({7, static_cast<std::int64_t>(x.cores.size())}, at::kLong)).sum();
  });
  // The chain as a network that the planner orders.
  expect_linear([](const TensorTrain& x) {
    std::vector<std::vector<std::int64_t>> inputs;
    std::vector<at::Tensor> operands;
    for (std::size_t k = 0; k < x.cores.size(); ++k) {
      const auto at = static_cast<std::int64_t>(k);
      inputs.push_back({at, at + 1});
      operands.push_back(x.cores[k].sum(1));
    }
    const auto last = static_cast<std::int64_t>(x.cores.size());
    return contract(with_shapes(parse_equation(inputs, {0, last}), shapes_of(operands)), operands)
        .sum();
  });
}

}  // namespace
}  // namespace ranklens::tn
