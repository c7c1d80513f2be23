// Deep linear networks: gradients by differences, and what theory says of aligned layers.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/diag.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/data/open.h"
#include "ranklens/study/alignment/assignment.h"
#include "ranklens/study/alignment/experiment.h"
#include "ranklens/study/alignment/factor_layers.h"
#include "ranklens/study/alignment/linear_network.h"

#include "testing/expect_error.h"

namespace ranklens::study::alignment {
namespace {

at::Tensor normal(base::Stream& stream, std::int64_t rows, std::int64_t columns) {
  return stream.normal({rows, columns}, 0, 1, at::kDouble);
}

double aligned(const at::Tensor& lower, const at::Tensor& upper, std::int64_t most = 0) {
  return alignment(singular_vectors(lower), singular_vectors(upper), most);
}

at::Tensor orthogonal_of(base::Stream& stream, std::int64_t n) {
  return std::get<0>(at::linalg_qr(normal(stream, n, n)));
}

TEST(Assignment, IsTheBestOfAll) {
  base::Stream stream(1, "study");
  for (int trial = 0; trial < 30; ++trial) {
    const std::int64_t n = 1 + trial % 6;
    const auto a = normal(stream, n, n);
    std::vector<std::int64_t> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    const auto value = [&](const std::vector<std::int64_t>& places) {
      double sum = 0;
      for (std::size_t k = 0; k < places.size(); ++k) {
        sum += a[static_cast<std::int64_t>(k)][places[k]].item<double>();
      }
      return sum;
    };
    double best = value(order);
    while (std::next_permutation(order.begin(), order.end())) best = std::max(best, value(order));
    auto found = best_assignment(a);
    EXPECT_NEAR(value(found), best, 1e-12);
    std::sort(found.begin(), found.end());
    for (std::size_t k = 0; k < found.size(); ++k) {
      EXPECT_EQ(found[k], static_cast<std::int64_t>(k));
    }
  }
}

TEST(LinearNetwork, GradientsAreThoseOfFiniteDifferences) {
  base::Stream stream(2, "study");
  for (const auto loss : {Task::Loss::squared, Task::Loss::logistic}) {
    const std::int64_t outputs = loss == Task::Loss::squared ? 3 : 1;
    Task task{normal(stream, 4, 7), normal(stream, outputs, 7), loss};
    if (loss == Task::Loss::logistic) task.y = task.y.sign();
    Layers layers{normal(stream, 5, 4), normal(stream, 2, 5), normal(stream, outputs, 2)};
    const auto gradients = gradients_of(layers, task);
    for (std::size_t k = 0; k < layers.size(); ++k) {
      const auto direction = normal(stream, layers[k].size(0), layers[k].size(1));
      const double h = 1e-5;
      auto up = layers, down = layers;
      up[k] = up[k] + h * direction, down[k] = down[k] - h * direction;
      EXPECT_NEAR((loss_of(up, task) - loss_of(down, task)) / (2 * h),
                  (gradients[k] * direction).sum().item<double>(), 1e-7);
    }
  }
}

TEST(Alignment, DoesNotSeeOrderOrSigns) {
  base::Stream stream(3, "study");
  const auto q = orthogonal_of(stream, 5);
  const auto up = at::diag(at::tensor({5.0, -4.0, 3.0, 2.0, 1.0}, at::kDouble)),
             down = at::diag(at::tensor({0.1, 2.0, 0.7, -3.0, 0.4}, at::kDouble));
  const auto lower = at::matmul(q, at::matmul(down, orthogonal_of(stream, 5).t())),
             upper = at::matmul(orthogonal_of(stream, 5), at::matmul(up, q.t()));
  EXPECT_NEAR(aligned(lower, upper), 1, 1e-12);
  EXPECT_LT(aligned(lower, at::matmul(upper, orthogonal_of(stream, 5))), 0.95);
  // The leading vectors of the two are different columns of q.
  EXPECT_NEAR(aligned(lower, upper, 1), 0, 1e-12);
  EXPECT_NEAR(invariance(singular_vectors(lower), singular_vectors(-2 * lower)), 1, 1e-12);
}

// Of a matrix of low rank the other singular vectors are any basis of its null space, and match
// those of another matrix as noise does.
TEST(Alignment, OfLayersOfLowRankIsThatOfTheirOwnDirections) {
  base::Stream stream(8, "study");
  const auto q = orthogonal_of(stream, 9), other = orthogonal_of(stream, 9);
  const auto values = at::tensor({3.0, 2.0, 1.0}, at::kDouble);
  const auto first = q.narrow(1, 0, 3), away = q.narrow(1, 3, 3);
  const auto lower = at::matmul(first * values, other.narrow(1, 0, 3).t());
  EXPECT_EQ(singular_vectors(lower).u.size(1), 3);
  EXPECT_EQ(singular_vectors(lower).v.size(1), 3);
  const auto upper = [&](const at::Tensor& directions) {
    return at::matmul(other.narrow(1, 3, 3) * values.flip(0), directions.t());
  };
  EXPECT_NEAR(aligned(lower, upper(first)), 1, 1e-12);
  EXPECT_NEAR(aligned(lower, upper(away)), 0, 1e-12);
  // A dense layer beside it is compared over as many, from either side.
  const auto spectrum = at::tensor({9.0, 8.0, 7.0, .6, .5, .4, .3, .2, .1}, at::kDouble);
  const auto dense = at::matmul(q * spectrum, q.t());
  EXPECT_NEAR(aligned(dense, upper(first)), 1, 1e-12);
  EXPECT_NEAR(aligned(lower, dense), 1, 1e-12);
  EXPECT_NEAR(aligned(dense, upper(away)), 0, 1e-12);
  // Over fewer: two of the three directions, which come in the other order above.
  EXPECT_NEAR(aligned(lower, upper(first), 2), 0.5, 1e-12);
  EXPECT_NEAR(invariance(singular_vectors(lower), singular_vectors(lower + 0.5 * lower)), 1, 1e-12);
  EXPECT_EQ(aligned(lower, at::zeros({9, 9}, at::kDouble)), 0);
}

// Radhakrishnan et al. 2020, theorem 1: autoencoding keeps an aligned start aligned, and its
// singular values follow a recursion of their own.
TEST(Alignment, StaysForAutoencodersAndFollowsTheRecursion) {
  base::Stream stream(4, "study");
  const std::int64_t n = 6;
  const auto x = normal(stream, n, 20);
  const auto [values, vectors] = at::linalg_eigh(at::matmul(x, x.t()), "L");
  const Task task{x, x};
  const auto middle = orthogonal_of(stream, n), second = orthogonal_of(stream, n);
  std::vector<at::Tensor> sigma, sides{vectors, middle, second, vectors};
  Layers layers;
  for (int k = 0; k < 3; ++k) {
    sigma.push_back(stream.uniform({n}, 0.3, 0.9, at::kDouble));
    layers.push_back(at::matmul(sides[static_cast<std::size_t>(k) + 1] * sigma.back(),
                                sides[static_cast<std::size_t>(k)].t()));
  }
  const double rate = 0.02;
  for (int step = 0; step < 300; ++step) {
    const auto gradients = gradients_of(layers, task);
    for (std::size_t k = 0; k < 3; ++k) layers[k] = layers[k] - rate * gradients[k];
    const auto product = sigma[0] * sigma[1] * sigma[2];
    const auto old = sigma;
    for (std::size_t k = 0; k < 3; ++k) {
      sigma[k] = old[k] + rate / 20 * (product / old[k]) * (values - product * values);
    }
  }
  EXPECT_NEAR(mean_alignment(singular_vectors(layers)), 1, 1e-9);
  for (std::size_t k = 0; k < 3; ++k) {
    const auto diagonal = at::matmul(sides[k + 1].t(), at::matmul(layers[k], sides[k]));
    EXPECT_LT((diagonal - at::diag(sigma[k])).abs().max().item<double>(), 1e-12);
  }
}

// L2: balancedness is kept by gradient flow; by steps it drifts in proportion to their length.
TEST(Alignment, BalanceDriftsWithTheStep) {
  base::Stream stream(5, "study");
  const Task task{normal(stream, 4, 9), normal(stream, 4, 9)};
  const Layers start{0.5 * normal(stream, 4, 4), 0.5 * normal(stream, 4, 4)};
  const auto drift = [&](double rate) {
    auto layers = start;
    for (int step = 0; step < static_cast<int>(std::lround(1 / rate)); ++step) {
      const auto gradients = gradients_of(layers, task);
      for (std::size_t k = 0; k < 2; ++k) layers[k] = layers[k] - rate * gradients[k];
    }
    return balance_drift(start, layers);
  };
  const double coarse = drift(1e-2), fine = drift(1e-3);
  EXPECT_GT(coarse, 1e-6);
  EXPECT_NEAR(coarse / fine, 10, 3);
}

/// Of the loss of layers that are combinations of given matrices, with respect to the coefficients
/// of layer k. The loss is quadratic in them, so that central differences are exact but for
/// rounding, and nothing is known here of how gradients of matrices become those of coefficients.
at::Tensor by_differences(const Structure& structure, const std::vector<at::Tensor>& coefficients,
                          std::size_t k, const Task& task) {
  const auto loss_at = [&](std::int64_t which, double shift) {
    Layers layers;
    for (const auto& one : coefficients) layers.push_back(structure.matrix(one));
    auto moved = coefficients[k].clone();
    moved[which] += shift;
    layers[k] = structure.matrix(moved);
    return loss_of(layers, task);
  };
  auto gradient = at::zeros_like(coefficients[k]);
  for (std::int64_t which = 0; which < gradient.size(0); ++which) {
    gradient[which] = loss_at(which, 0.5) - loss_at(which, -0.5);
  }
  return gradient;
}

/// A step down the gradients at these layers, projected to a structure or as they are.
Layers descended_once(const Layers& layers, const Task& task, double rate,
                      const Structure* structure) {
  auto next = layers;
  const auto gradients = gradients_of(layers, task);
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const auto& gradient = gradients[k];
    next[k] = layers[k] - rate * (structure != nullptr ? structure->projected(gradient) : gradient);
  }
  return next;
}

// L4: descent on the coefficients of a structure is descent on the matrices, projected. Each of the
// two takes its gradients where it stands itself.
TEST(Structure, DescentOnCoefficientsIsProjectedDescent) {
  base::Stream stream(6, "study");
  for (const auto& structure : {toeplitz(4), convolution(3, 3), convolution(2, 3)}) {
    const auto p = structure.dimension(), n = structure.rows;
    const Task task{normal(stream, n, 5), normal(stream, n, 5)};
    std::vector<at::Tensor> coefficients;
    Layers layers;
    for (int k = 0; k < 2; ++k) {
      coefficients.push_back(stream.normal({p}, 0, 0.5, at::kDouble));
      layers.push_back(structure.matrix(coefficients.back()));
    }
    const auto start = layers;
    auto free = layers;
    const double rate = 0.05;
    for (int step = 0; step < 30; ++step) {
      auto next = coefficients;
      for (std::size_t k = 0; k < 2; ++k) {
        next[k] = coefficients[k] - rate * by_differences(structure, coefficients, k, task);
      }
      coefficients = next;
      layers = descended_once(layers, task, rate, &structure);
      free = descended_once(free, task, rate, nullptr);
    }
    EXPECT_LT(loss_of(layers, task), 0.9 * loss_of(start, task));
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_LT((layers[k] - structure.matrix(coefficients[k])).abs().max().item<double>(), 1e-12);
      // It is the projection that holds them there.
      EXPECT_GT((free[k] - structure.projected(free[k])).abs().max().item<double>(), 1e-2);
    }
    // The projection is the nearest: what is left is orthogonal to every matrix of the basis.
    const auto other = normal(stream, n, n);
    EXPECT_LT(structure.pulled_back(other - structure.projected(other)).abs().max().item<double>(),
              1e-12);
  }
  // The matrices have norm one and are orthogonal to each other.
  for (const auto& structure : {toeplitz(5), convolution(4, 3), convolution(3, 5)}) {
    for (std::int64_t k = 0; k < structure.dimension(); ++k) {
      auto coefficients = at::zeros({structure.dimension()}, at::kDouble);
      coefficients[k] = 1;
      const auto back = structure.pulled_back(structure.matrix(coefficients));
      EXPECT_LT((back - coefficients).abs().max().item<double>(), 1e-14);
    }
  }
  const auto matrix = toeplitz(3).matrix(at::tensor({1.0, 2.0, 3.0, 4.0, 5.0}, at::kDouble));
  EXPECT_NEAR((matrix[0][1] - matrix[1][2]).item<double>(), 0, 1e-15);
}

TEST(Structure, AConvolutionIsThatOfItsKernel) {
  base::Stream stream(9, "study");
  const auto structure = convolution(5, 3);
  const auto kernel = stream.normal({9}, 0, 1, at::kDouble);
  const auto image = stream.normal({1, 1, 5, 5}, 0, 1, at::kDouble);
  const auto expected = at::conv2d(image, kernel.view({1, 1, 3, 3}), {}, 1, 1);
  const auto found = at::matmul(structure.matrix(kernel * structure.norms), image.flatten());
  EXPECT_LT((found.view({1, 1, 5, 5}) - expected).abs().max().item<double>(), 1e-13);
  testing::expect_error([] { convolution(2, 5); }, "an odd kernel of at most 3");
}

TEST(FactorLayers, AreTheLayersAtFullRankAndDescendByTheirGradient) {
  base::Stream stream(7, "study");
  const Task task{normal(stream, 9, 12), normal(stream, 9, 12)};
  const Layers layers{normal(stream, 9, 9), normal(stream, 9, 9)};
  for (const auto form : {FactorForm::low_rank, FactorForm::train}) {
    FactorLayers full(layers, form, 9);
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_LT((full.dense()[k] - layers[k]).abs().max().item<double>(), 1e-12);
    }
    FactorLayers few(layers, form, 2);
    const double before = loss_of(few.dense(), task);
    const auto old = few.dense();
    const auto gradients = gradients_of(old, task);
    few.descend(task, 1e-7);
    // To first order the loss falls by the rate times the squared norm of the factors' gradients,
    // which is the inner product of the layers' gradients with what the layers moved by.
    double product = 0;
    for (std::size_t k = 0; k < 2; ++k) {
      product += (gradients[k] * (few.dense()[k] - old[k])).sum().item<double>();
    }
    EXPECT_LT(product, 0);
    EXPECT_NEAR((loss_of(few.dense(), task) - before) / product, 1, 1e-3);
  }
  testing::expect_error([] { FactorLayers({at::eye(8, at::kDouble)}, FactorForm::train, 2); },
                        "a square number");
}

TEST(AlignmentExperiment, LeavesOneForGenericDataAlone) {
  const auto images =
      data::open("scenes:train=120,test=20,size=16", {.split = data::Split::all, .grey = true});
  const Options options{.seeds = {1},
                        .steps = 400,
                        .every = 100,
                        .images = images,
                        .each = 20,
                        .hidden = 8,
                        .image_steps = 200,
                        .side = 6};
  const auto made = experiment(options);
  EXPECT_EQ(made.cells.size(), tasks().size());
  const auto last = [&](const char* cell, const char* list) {
    return made.make({.cell = cell, .folder = "", .progress = {}}).at(list).back().get<double>();
  };
  EXPECT_NEAR(last("autoencoder-s1", "alignment"), 1, 1e-6);
  EXPECT_LT(last("regression-s1", "alignment"), 0.98);
  // Cut down, an aligned start is still aligned, over as many directions as dense layers are
  // compared in.
  for (const char* cell : {"regression-s1", "regression-low_rank-s1"}) {
    const auto lists = made.make({.cell = cell, .folder = "", .progress = {}});
    EXPECT_NEAR(lists.at("leading alignment").front().get<double>(), 1, 1e-6) << cell;
    EXPECT_NEAR(lists.at("alignment").front().get<double>(), 1, 1e-6) << cell;
    EXPECT_LT(lists.at("leading alignment").back().get<double>(), 0.999) << cell;
  }
  // Trains hold a start of Kronecker products as it is.
  const auto dense = made.make({.cell = "kronecker-s1", .folder = "", .progress = {}}),
             train = made.make({.cell = "kronecker-train-s1", .folder = "", .progress = {}});
  EXPECT_NEAR(train.at("alignment").front().get<double>(), 1, 1e-6);
  const double loss = dense.at("loss").front().get<double>();
  EXPECT_NEAR(train.at("loss").front().get<double>(), loss, 1e-12 * loss);
  EXPECT_LT(train.at("alignment").back().get<double>(), 0.95);
  EXPECT_LT(train.at("loss").back().get<double>(), 0.9 * loss);
  EXPECT_TRUE(is_reduced(options));
  EXPECT_FALSE(is_reduced({}));
  for (const auto& cell : made.cells)
    EXPECT_TRUE(std::isfinite(last(cell.c_str(), "loss"))) << cell;
}

}  // namespace
}  // namespace ranklens::study::alignment
