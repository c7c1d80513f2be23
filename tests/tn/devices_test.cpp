#include <ATen/ops/conj.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_svdvals.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/tn/born/born.h"
#include "ranklens/tn/contraction/execute.h"
#include "ranklens/tn/formats/cp_als.h"
#include "ranklens/tn/formats/cp_approximation.h"
#include "ranklens/tn/formats/hooi.h"
#include "ranklens/tn/formats/tucker_approximation.h"
#include "ranklens/tn/formats/tucker_train.h"
#include "ranklens/tn/linear/mps_classifier.h"
#include "ranklens/tn/linear/tt_linear.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/round.h"

#include "tn/on_devices.h"

// One path through every family of algorithms on every device: kernels of our own stand on the
// processor alone, and where they do, something else has to compute the same.
namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

class Devices : public OnDevices {
 protected:
  /// Of ranks 2, 3, 2 as a Tucker tensor, with a hundredth of noise.
  at::Tensor nearly_low() const {
    const Tucker low{
        drawn({2, 3, 2}, "core", dtype()),
        {drawn({7, 2}, "0", dtype()), drawn({6, 3}, "1", dtype()), drawn({8, 2}, "2", dtype())}};
    const auto exact = full(low), rough = drawn({7, 6, 8}, "noise", dtype());
    return exact + rough * (0.01 * norm_of(exact) / norm_of(rough));
  }
};

TEST_P(Devices, TensorTrainsOfDenseTensors) {
  const auto dense = nearly_low();
  for (const auto factoriser :
       {Factoriser::automatic, Factoriser::svd, Factoriser::gram, Factoriser::randomised}) {
    const auto found = decompose(here(dense), {.eps = 0.05, .factoriser = factoriser});
    EXPECT_LE(found.error, 0.05);
    EXPECT_NEAR(relative(full(found.train).cpu(), dense), found.error, 1e-4);
    expect_is(full(decompose(here(dense), {.factoriser = factoriser}).train), dense, rounding());
  }
}

TEST_P(Devices, Rounding) {
  const auto exact = decompose(here(nearly_low())).train;
  const auto twice = exact + exact;
  for (const auto method : {RoundMethod::qr, RoundMethod::gram, RoundMethod::randomised}) {
    const auto found = round(twice, {.eps = 0.05, .method = method});
    EXPECT_LE(found.error, 0.05);
    EXPECT_NEAR(relative(full(found.train).cpu(), 2 * nearly_low()), found.error, 1e-4);
    EXPECT_EQ(found.train.cores[0].device().type(), device());
  }
}

TEST_P(Devices, InnerProductsAndNorms) {
  const auto x = drawn({4, 3, 5}, "x", dtype()), y = drawn({4, 3, 5}, "y", dtype());
  const auto a = decompose(here(x)).train, b = decompose(here(y)).train;
  const double size = norm_of(x) * norm_of(y);
  EXPECT_LT((dot(a, b).cpu() - (x.conj() * y).sum()).abs().item<double>(), rounding() * size);
  EXPECT_NEAR(norm(a), norm_of(x), rounding() * norm_of(x));
}

TEST_P(Devices, TuckerTensors) {
  const auto dense = nearly_low();
  const auto found = hooi(here(dense), {.ranks = {2, 3, 2}});
  const auto expected = hooi(dense, {.ranks = {2, 3, 2}});
  expect_is(full(found.value), full(expected.value), 1e-3);
  EXPECT_NEAR(found.relative_error, expected.relative_error, 1e-4);
  EXPECT_LE(approximate_tucker(here(dense), {.eps = 0.05}).error, 0.05);
  const auto hybrid = tucker_train(here(dense), {.eps = 0.05}).value;
  EXPECT_LE(relative(full(hybrid).cpu(), dense), 0.05 + rounding());
}

TEST_P(Devices, SumsOfRankOneTensors) {
  const CP terms{
      at::ones({3}),
      {drawn({6, 3}, "0", dtype()), drawn({7, 3}, "1", dtype()), drawn({8, 3}, "2", dtype())}};
  const auto dense = full(terms);
  const auto found = cp_als(here(dense), {.rank = 3, .max_sweeps = 500, .start = CPStart::hosvd});
  EXPECT_EQ(found.value.factors[0].device().type(), device());
  EXPECT_NEAR(1 - found.fits.back(), relative(full(found.value).cpu(), dense), 1e-3);
  const auto search = approximate_cp(here(dense), {.close = {.eps = 1e-2}});
  EXPECT_LE(search.error, 1e-2);
  EXPECT_LE(relative(full(search.value).cpu(), dense), 1e-2 + rounding());
}

TEST_P(Devices, Contractions) {
  const auto a = drawn({3, 4, 5}, "a", dtype()), b = drawn({5, 4, 6}, "b", dtype()),
             c = drawn({6, 3, 2}, "c", dtype()), d = drawn({2, 4}, "d", dtype());
  const auto expected = at::einsum("iab,bac,cid,da->id", {a, b, c, d});
  expect_is(contract("iab,bac,cid,da->id", {here(a), here(b), here(c), here(d)}), expected,
            rounding());
  // A hyperedge, a repeated label, one that is summed over alone, and slices.
  const auto square = drawn({4, 4}, "square", dtype());
  const auto odd = at::einsum("aa,iab,da->db", {square, a, d});
  expect_is(contract("aa,iab,da->db", {here(square), here(a), here(d)}), odd, rounding());
}

TEST_P(Devices, LayersOfTensorTrains) {
  const std::vector<at::Tensor> cores{drawn({1, 3, 4, 3}, "0", dtype()),
                                      drawn({3, 2, 5, 4}, "1", dtype()),
                                      drawn({4, 4, 2, 1}, "2", dtype())};
  const auto x = drawn({7, 40}, "x", dtype()), bias = drawn({24}, "bias", dtype());
  std::vector<at::Tensor> moved;
  for (const auto& core : cores) moved.push_back(here(core).requires_grad_());
  const auto dense = full(TTMatrix{cores});
  for (const auto keep : {KeepStates::fast, KeepStates::low_memory}) {
    const auto input = here(x).requires_grad_();
    const auto y = tt_linear(moved, input, here(bias), {.keep = keep});
    expect_is(y, at::matmul(x, dense.t()) + bias, rounding());
    const auto weights = drawn({7, 24}, "weights", dtype());
    const auto gradients =
        torch::autograd::grad({y}, {input, moved[0], moved[1], moved[2]}, {here(weights)});
    expect_is(gradients[0], at::matmul(weights, dense.conj()), rounding());
    for (std::size_t k = 0; k < cores.size(); ++k) {
      // The product is linear in each core: a step along one changes it by the core's share.
      auto stepped = cores;
      stepped[k] = drawn(cores[k].sizes(), "step" + std::to_string(k), dtype());
      const auto share = (weights.conj() * at::matmul(x, full(TTMatrix{stepped}).t())).sum();
      const auto found = (gradients[k + 1].cpu().conj() * stepped[k]).sum();
      EXPECT_LT((found - share).abs().item<double>(),
                1e3 * rounding() * (1 + share.abs().item<double>()));
    }
  }
}

RANKLENS_ON_DEVICES(Devices, ::testing::ValuesIn(kFour));

class RealDevices : public OnDevices {};

TEST_P(RealDevices, ClassifiersByMatrixProductStates) {
  const std::vector<at::Tensor> cores{
      drawn({1, 2, 3}, "0", dtype()), drawn({3, 2, 4}, "1", dtype()),
      drawn({4, 5, 4}, "2", dtype()), drawn({4, 2, 3}, "3", dtype()),
      drawn({3, 2, 1}, "4", dtype())};
  const auto features = drawn({6, 4, 2}, "features", dtype());
  std::vector<at::Tensor> moved;
  for (const auto& core : cores) moved.push_back(here(core).requires_grad_());
  const auto values = unscaled(mps_classifier(here(features), moved, 2));
  const auto part = [&](std::int64_t k) { return features.select(1, k); };
  const auto expected = at::einsum(
      "zia,ajb,bck,kld,dmy,ni,nj,nl,nm->nc",
      {cores[0], cores[1], cores[2], cores[3], cores[4], part(0), part(1), part(2), part(3)});
  expect_is(values, expected, rounding());
  const auto weights = drawn({6, 5}, "weights", dtype());
  const auto gradients = torch::autograd::grad({values}, moved, {here(weights)});
  // Linear in each core: the gradient times the core is the value.
  for (std::size_t k = 0; k < cores.size(); ++k)
    EXPECT_NEAR((gradients[k].cpu() * cores[k]).sum().item<double>(),
                (weights * expected).sum().item<double>(),
                rounding() * norm_of(weights) * norm_of(expected));
}

// What is drawn on a device is what complete() draws on the processor, where that is held against
// dense states.
TEST_P(RealDevices, BornMachines) {
  const TensorTrain train{{drawn({1, 3, 4}, "0", dtype()), drawn({4, 3, 5}, "1", dtype()),
                           drawn({5, 3, 1}, "2", dtype())}};
  TensorTrain moved;
  for (const auto& core : train.cores) moved.cores.push_back(here(core));
  auto given = at::full({300, 3}, -1, at::kLong);
  const base::Stream stream(1, "noise", "samples");
  auto first = stream, second = stream;
  const auto samples = sample(moved, 300, first);
  EXPECT_EQ(samples.device().type(), device());
  EXPECT_TRUE(samples.cpu().equal(complete(train, given, second)));
  given.select(1, 1).narrow(0, 0, 200).fill_(2);
  const auto expected = complete(train, given, second);
  for (const auto& known : {given, here(given)}) {  // on either device
    first.seek(second.position() - 900);
    const auto completed = complete(moved, known, first);
    EXPECT_EQ(completed.device().type(), device());
    EXPECT_TRUE(completed.cpu().equal(expected));
  }
  const auto squares = full(train).to(at::kDouble).square().flatten();
  const auto places = expected.select(1, 0) * 9 + expected.select(1, 1) * 3 + expected.select(1, 2);
  const auto logs = (squares / squares.sum()).log().index_select(0, places);
  const auto features = basis_features(expected, 3, dtype());
  for (const auto& vectors : {features, here(features)}) {
    const auto found = log_probabilities(moved, vectors);
    EXPECT_EQ(found.device().type(), device());
    EXPECT_LT(relative(found.cpu(), logs), 10 * rounding());
  }
}

RANKLENS_ON_DEVICES(RealDevices, ::testing::Values(at::kFloat, at::kDouble));

}  // namespace
}  // namespace ranklens::tn
