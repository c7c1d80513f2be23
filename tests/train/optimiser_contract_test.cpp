// What every optimiser must do, whatever its kind: learn, handle shared weights, batch norm and
// dropout, survive being saved, and end in a network that says the same as the one that was
// evaluated. What they do with ranks: rank_contract_test.cpp.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/one_hot.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/catalogue.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/optim/tensor_train/methods.h"
#include "ranklens/optim/tensor_train/recanonical.h"
#include "ranklens/train/batch_objective.h"
#include "ranklens/train/compute.h"
#include "ranklens/train/evaluate.h"

#include "testing/devices.h"
#include "testing/expect_error.h"
#include "train/contract.h"

namespace ranklens::train {
namespace {

// A case is an optimiser's spec, with the weight of the layers where it is not the usual one:
// "bug(lr=5e-3) on tucker(r=4x4)".
constexpr std::string_view kOn = " on ";

std::string spec_of(const std::string& given) { return given.substr(0, given.find(kOn)); }

std::string name_of(const std::string& given) { return given.substr(0, given.find('(')); }

std::string weight_for(const std::string& spec) {
  if (const auto at = spec.find(kOn); at != std::string::npos) return spec.substr(at + kOn.size());
  const auto name = name_of(spec);
  return optim::is_train_method(name) || name == optim::kRecanonicalAdam ? "tt(r=3)"
                                                                         : "low_rank(r=4)";
}

class EveryOptimiser : public ::testing::TestWithParam<std::string> {};

const std::vector<std::string> kCases{
    "adam(lr=5e-3)",
    "adamw(lr=5e-3,weight_decay=0.1)",
    "sgd(lr=0.01,momentum=0.9)",
    "bug(lr=5e-3,tau=0.1)",
    "bug(lr=5e-3,tau=0.1,s=3)",
    "bug(lr=5e-3,tau=0.1,moments=entry)",
    "bug(lr=0.1,tau=0.1,rule=sgd,s=2)",
    "augmented_bug(lr=5e-3,tau=0.1)",
    "fixed_bug(lr=0.05,rule=sgd)",
    "parallel_bug(lr=5e-3,tau=0.1)",
    "parallel_bug(lr=0.05,tau=0.1,rule=sgd,momentum=0.8)",
    "parallel_bug(lr=5e-3,tau=0.1,reject=10)",
    "bug(lr=5e-3,tau=0.1) on tucker(r=4x4)",
    "bug(lr=5e-3,tau=0.1,s=3,moments=entry) on tucker(r=4x4)",
    "bug(lr=0.1,tau=0.1,rule=sgd,momentum=0.5,s=2) on tucker(r=4x4)",
    "augmented_bug(lr=5e-3,tau=0.1) on tucker(r=4x4)",
    "fixed_bug(lr=5e-3) on tucker(r=4x4)",
    "parallel_bug(lr=5e-3,tau=0.1) on tucker(r=4x4)",
    "parallel_bug(lr=0.05,tau=0.1,rule=sgd,momentum=0.8) on tucker(r=4x4)",
    "parallel_bug(lr=5e-3,tau=0.1,reject=10) on tucker(r=4x4)",
    "core(lr=2e-2) on tucker(r=4x4)",
    "fixed_bug(lr=5e-3)",
    "fixed_bug(lr=0.05,rule=sgd,momentum=0.5)",
    "psi(lr=5e-3)",
    "psi(lr=0.02,rule=sgd)",
    "psi(lr=0.01,rule=sgd,momentum=0.5)",
    "abc_psi(lr=5e-3,tau=0.1)",
    "abc_psi(lr=0.05,tau=0.1,rule=sgd)",
    "core(lr=2e-2)",
    "riemannian_sgd(lr=0.05,momentum=0.9)",
    "riemannian_adam(lr=5e-3)",
    "riemannian_cg(lr=0.1)",
    "riemannian_sgd(lr=0.05,momentum=0.9,tau=0.02,grow=1,every=3)",
    "riemannian_adam(lr=5e-3,tau=0.02,grow=1,every=3)",
    "riemannian_cg(lr=0.1,tau=0.02,grow=1,every=3)",
    "tt_psi(lr=0.05)",
    "tsgo(theta=3deg,lr=5e-3)",
    "dmrg(lr=5e-3,bond=6)",
    "dmrg(lr=5e-3,bond=3,cutoff=1e-3,bonds=0)",
    "als(lr=5e-3)",
    "recanonical_adam(lr=5e-3,every=10)"};

INSTANTIATE_TEST_SUITE_P(Contract, EveryOptimiser, ::testing::ValuesIn(kCases),
                         [](const ::testing::TestParamInfo<std::string>& given) {
                           std::string name = given.param;
                           for (char& letter : name) {
                             if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '_';
                           }
                           return name;
                         });

// One that is added is held to all of what follows.
TEST(EveryOptimiserThereIs, IsACase) {
  std::set<std::string> there, cases;
  for (const auto& one : optim::optimiser_catalogue()) there.insert(one.name);
  for (const auto& one : kCases) cases.insert(name_of(one));
  EXPECT_EQ(cases, there);
}

TEST_P(EveryOptimiser, Learns) {
  const auto network = contract_network(1, weight_for(GetParam()));
  const auto data = tiny_data(60, 3);
  const auto before = evaluate({network.graph, network.state}, data, {});
  const auto optimiser = optim::make_optimiser(spec_of(GetParam()));
  const auto state = after(spec_of(GetParam()), network.state, network.graph, 60, optimiser.get());
  const auto found = evaluate({network.graph, optimiser->finished(state)}, data, {});
  EXPECT_LT(found.loss, 0.75 * before.loss);
  EXPECT_GT(found.accuracy, 0.6);
}

TEST_P(EveryOptimiser, SaysTheSameWhenFinished) {
  const auto network = contract_network(2, weight_for(GetParam()));
  const auto optimiser = optim::make_optimiser(spec_of(GetParam()));
  const auto state = after(spec_of(GetParam()), network.state, network.graph, 5, optimiser.get());
  const auto x = tiny_data(10, 4).images;
  const auto one = nn::run(network.graph, state, {x}).output();
  const auto other = nn::run(network.graph, optimiser->finished(state), {x}).output();
  EXPECT_LT((one - other).abs().max().item<float>(), 1e-5F);
}

TEST_P(EveryOptimiser, GoesOnAsIfNeverSaved) {
  const auto network = contract_network(3, weight_for(GetParam()));
  const auto whole_way = after(spec_of(GetParam()), network.state, network.graph, 8);
  const auto first = optim::make_optimiser(spec_of(GetParam()));
  const auto half = after(spec_of(GetParam()), network.state, network.graph, 4, first.get());
  const auto read = through_a_checkpoint(network.state, half, *first);
  EXPECT_TRUE(same_state(read.state, half));
  const auto second = optim::make_optimiser(first->spec());
  second->load(read.remembered);
  EXPECT_TRUE(same_state(after("", read.state, network.graph, 4, second.get(), 4), whole_way));
}

TEST_P(EveryOptimiser, LeavesTheStateWhenTheLossIsNotFinite) {
  auto network = contract_network(4, weight_for(GetParam()));
  const auto data = tiny_data(12, 5);
  auto bad = whole(data);
  bad.images = bad.images.clone();
  bad.images[3][0][2][2] = std::nan("");
  const base::Stream random(1, "dropout");
  BatchObjective objective(network.graph, bad, random, {});
  const auto optimiser = optim::make_optimiser(spec_of(GetParam()));
  nn::State state = network.state.clone();
  EXPECT_FALSE(std::isfinite(optimiser->step(state, objective)));
  EXPECT_TRUE(same_state(state, network.state));
}

/// The largest difference between entries of weights, by what they stand for.
double apart_from(const nn::State& one, const nn::State& other) {
  double most = 0;
  for (const auto& name : one.names()) {
    const auto a = one.at(name).weight->dense().cpu(), b = other.at(name).weight->dense().cpu();
    most = std::max(most, (a - b).abs().max().item<double>());
  }
  return most;
}

std::map<std::string, at::Tensor> on_device(std::map<std::string, at::Tensor> saved,
                                            at::Device device) {
  for (auto& [name, tensor] : saved) tensor = tensor.to(device).clone();
  return saved;
}

// On another device the same steps, all that is kept lies there, and the processor goes on from it.
TEST(EveryOptimiserElsewhere, StepsAsOnTheProcessor) {
  if (!ranklens::testing::is_here(at::kCUDA)) GTEST_SKIP() << "there is no second device here";
  const at::Device there(at::kCUDA);
  for (const auto& one : kCases) {
    SCOPED_TRACE(one);
    const auto network = contract_network(7, weight_for(one));
    const auto optimiser = optim::make_optimiser(spec_of(one));
    const auto state = after("", network.state.to(there), network.graph, 3, optimiser.get());
    EXPECT_LT(apart_from(state, after(spec_of(one), network.state, network.graph, 3)), 1e-3);
    for (const auto& [name, tensor] : state.tensors()) EXPECT_TRUE(tensor.is_cuda()) << name;
    const auto saved = optimiser->save();
    for (const auto& [name, tensor] : saved) {
      EXPECT_TRUE(tensor.is_cuda() || tensor.dim() == 0) << name;
    }
    const auto here = optim::make_optimiser(optimiser->spec());
    here->load(on_device(saved, at::kCPU));
    const auto on = after("", state.to(at::kCPU), network.graph, 2, here.get(), 3);
    EXPECT_LT(apart_from(on, after("", state, network.graph, 2, optimiser.get(), 3)), 1e-3);
  }
}

TEST(LowRankOptimiser, NeedsAWeightOfLowRank) {
  const auto network = linear_network();
  ranklens::testing::expect_error([&] { after("bug(tau=0.1)", network.state, network.graph, 1); },
                                  "this network has none");
  ranklens::testing::expect_error([] { optim::make_optimiser("bug(tau=1)"); }, "tau");
  ranklens::testing::expect_error([] { optim::make_optimiser("bug(tau=0)"); }, "tau");
  ranklens::testing::expect_error([] { optim::make_optimiser("bug(floor=9,cap=4)"); }, "cap=4");
  ranklens::testing::expect_error([] { optim::make_optimiser("bugg(tau=0.1)"); }, "bug");
}

// One step of every kind at a full rank of nothing but a linear map, by hand: gradient descent.
TEST(LowRankOptimiser, IsGradientDescentAtFullRank) {
  nn::GraphBuilder g;
  auto x = g.input("image", {1, 8, 8});
  x = g.flatten("flat", x);
  g.linear("head", x, {.out = 3, .weight = "low_rank(r=3)"});
  const auto network = g.build(6);
  const auto dense = network.state.at("head.weight").weight->dense();
  const auto data = tiny_data(20, 7);
  const auto flat = data.images.view({20, 64});
  const auto p = flat.matmul(dense.t()).add(network.state.tensor("head.bias")).softmax(1);
  const auto gradient = p.sub(at::one_hot(data.labels, 3).to(at::kFloat)).t().matmul(flat).div(20);
  for (const char* spec :
       {"bug(lr=0.1,tau=1e-6,rule=sgd)", "augmented_bug(lr=0.1,tau=1e-6,rule=sgd)"}) {
    const base::Stream random(1, "dropout");
    BatchObjective objective(network.graph, whole(data), random, {});
    nn::State state = network.state.clone();
    optim::make_optimiser(spec)->step(state, objective);
    const auto found = state.at("head.weight").weight->dense();
    EXPECT_LT((found - (dense - 0.1 * gradient)).abs().max().item<float>(), 2e-6F) << spec;
  }
}

}  // namespace
}  // namespace ranklens::train
