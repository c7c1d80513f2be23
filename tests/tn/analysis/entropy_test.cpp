#include "ranklens/tn/analysis/entropy.h"

#include <cmath>

#include <ATen/ops/eye.h>
#include <ATen/ops/kron.h>
#include <ATen/ops/linalg_qr.h>

#include "ranklens/tn/analysis/density.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/decompose.h"
#include "ranklens/tn/train/make.h"
#include "ranklens/tn/train/sweep.h"

#include "testing/expect_error.h"
#include "tn/values.h"

namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

class Entropy : public FourTypes {
 protected:
  TensorTrain made(const Shape& shape, std::int64_t rank) const {
    base::Stream stream(5, "init", "entropy");
    return random(stream, shape, {.ranks = {rank}, .dtype = GetParam()});
  }
  /// (|00..0> + |11..1>) / sqrt 2 on d sites.
  TensorTrain ghz(std::int64_t d) const {
    return delta(Shape(d, 2), Shape(d, 0), GetParam()) +
           delta(Shape(d, 2), Shape(d, 1), GetParam());
  }
};

// T15: closed forms.
TEST_P(Entropy, KnownStates) {
  base::Stream stream(5, "init");
  for (const auto& bond : bond_entropies(made({3, 4, 2, 5}, 1))) {
    EXPECT_NEAR(bond.von_neumann, 0, 1e-5);
    EXPECT_NEAR(bond.effective_rank, 1, 1e-5);
  }
  const auto bonds = bond_entropies(ghz(7));
  ASSERT_EQ(bonds.size(), 6U);
  for (const auto& bond : bonds) {
    EXPECT_NEAR(bond.von_neumann, std::log(2.0), 1e-6);
    EXPECT_NEAR(bond.renyi, std::log(2.0), 1e-6);
    EXPECT_NEAR(bond.effective_rank, 2, 1e-5);
  }
}

TEST_P(Entropy, MatricesWithKnownEntropies) {
  EXPECT_NEAR(bond_entropies(identity({2, 2, 2}, GetParam()))[0].von_neumann, 0, 1e-6);
  // SWAP on two sites of two: four equal Schmidt values.
  auto swap = at::zeros({2, 2, 2, 2}, GetParam());  // [m_1, m_2, n_1, n_2]
  for (std::int64_t i = 0; i < 2; ++i) {
    for (std::int64_t j = 0; j < 2; ++j) swap[i][j][j][i].fill_(1);
  }
  const auto matrix = swap.reshape({4, 4});
  EXPECT_NEAR(bond_entropies(decompose(matrix, {2, 2}, {2, 2}).matrix)[0].von_neumann,
              std::log(4.0), 1e-6);
  EXPECT_NEAR(bond_entropies(matrix, {2, 2}, {2, 2})[0].von_neumann, std::log(4.0), 1e-6);
  EXPECT_NEAR(matrix_entropy(matrix).von_neumann, std::log(4.0), 1e-6);
  const auto product = at::kron(noise({2, 3}, GetParam(), 1), noise({3, 2}, GetParam(), 2));
  EXPECT_NEAR(bond_entropies(product, {2, 3}, {3, 2})[0].von_neumann, 0, 1e-4);
}

// -3/4 ln 3/4 - 1/4 ln 1/4 = ln 4 - 3/4 ln 3, whatever the matrix's norm; Rényi's of order 2 is
// ln 8/5.
TEST_P(Entropy, OfTwoUnequalValues) {
  auto matrix = at::zeros({2, 3}, GetParam());
  matrix[0][2].fill_(5 * std::sqrt(0.75));
  matrix[1][0].fill_(5 * std::sqrt(0.25));
  const double expected = std::log(4.0) - 0.75 * std::log(3.0);
  for (const auto& found : {matrix_entropy(matrix, 2), bond_entropies(matrix, 2)[0],
                            bond_entropies(decompose(matrix, {}).train, 2)[0]}) {
    EXPECT_NEAR(found.von_neumann, expected, 1e-6);
    EXPECT_NEAR(found.renyi, std::log(1.6), 1e-6);
    EXPECT_NEAR(found.effective_rank, std::exp(expected), 1e-5);
    ASSERT_EQ(found.schmidt.size(0), 2);
    EXPECT_NEAR(found.schmidt[0].item<double>(), std::sqrt(0.75), 1e-6);
    EXPECT_NEAR(found.schmidt[1].item<double>(), 0.5, 1e-6);
  }
}

TEST_P(Entropy, EqualsThatOfTheDenseUnfoldings) {
  const auto train = made({3, 4, 2, 5}, 4);
  const auto thin = bond_entropies(train), dense = bond_entropies(full(train));
  ASSERT_EQ(thin.size(), dense.size());
  for (std::size_t k = 0; k < thin.size(); ++k) {
    EXPECT_NEAR(thin[k].von_neumann, dense[k].von_neumann, 10 * rounding_of(GetParam()));
    EXPECT_NEAR(thin[k].renyi, dense[k].renyi, 10 * rounding_of(GetParam()));
    EXPECT_LE(thin[k].von_neumann, std::log(static_cast<double>(ranks(train)[k])) + 1e-12);
    EXPECT_LE(thin[k].renyi, thin[k].von_neumann + 1e-6);
  }
}

TEST_P(Entropy, DependsOnNeitherGaugeNorScaleAndChangesNothing) {
  auto train = made({3, 4, 2, 5}, 3);
  const auto before = bond_entropies(train);
  std::vector<at::Tensor> copies;
  for (const auto& core : train.cores) copies.push_back(core.clone());
  bond_entropies(train);
  densities(train);
  density(train, 0, 2);
  mutual_information(train);
  for (std::size_t k = 0; k < copies.size(); ++k) {
    EXPECT_TRUE(at::equal(train.cores[k], copies[k]));
  }
  EXPECT_EQ(train.centre, -1);
  auto other = train;
  const auto mix = noise({3, 3}, GetParam(), 4);
  const auto [q, r] = at::linalg_qr(mix, "reduced");
  other.cores[1] = at::matmul(other.cores[1], q);
  other.cores[2] = at::matmul(q.mH(), other.cores[2].reshape({3, -1})).reshape({3, 2, 3});
  other.log_scale = 500;
  const auto after = bond_entropies(canonical((-7.0) * other, 2));
  for (std::size_t k = 0; k < before.size(); ++k) {
    EXPECT_NEAR(after[k].von_neumann, before[k].von_neumann, 10 * rounding_of(GetParam()));
  }
}

/// rho from the whole tensor, modes `kept` first.
at::Tensor dense_density(const at::Tensor& x, const Shape& kept) {
  Shape order = kept;
  std::int64_t n = 1;
  for (const auto k : kept) n *= x.size(k);
  for (std::int64_t k = 0; k < x.dim(); ++k) {
    if (std::find(kept.begin(), kept.end(), k) == kept.end()) order.push_back(k);
  }
  const auto rows = x.permute(order).reshape({n, -1});
  return at::matmul(rows, rows.mH()) / std::pow(norm_of(x), 2);
}

TEST_P(Entropy, DensityMatricesAreThoseOfTheWholeTensor) {
  const auto train = made({3, 4, 2, 3}, 3);
  const auto dense = full(train);
  const auto all = densities(train);
  for (std::int64_t a = 0; a < 4; ++a) {
    EXPECT_LT(relative(density(train, a), dense_density(dense, {a})), rounding_of(GetParam()));
    EXPECT_LT(relative(all[a], dense_density(dense, {a})), rounding_of(GetParam()));
    for (std::int64_t b = a + 1; b < 4; ++b) {
      EXPECT_LT(relative(density(train, a, b), dense_density(dense, {a, b})),
                rounding_of(GetParam()))
          << a << " " << b;
    }
  }
}

/// rho[(i), (i')] of the kept modes, entry by entry: the sum over all other indices.
at::Tensor density_by_loops(const at::Tensor& tensor, const Shape& kept) {
  const auto x = tensor.to(at::kComplexDouble).resolve_conj().contiguous();
  const auto* values = x.const_data_ptr<c10::complex<double>>();
  const auto place = [&](std::int64_t flat, bool of_kept) {  // of these modes alone, row-major
    std::int64_t result = 0, stride = 1;
    for (auto k = x.dim() - 1; k >= 0; --k) {
      const auto index = flat % x.size(k);
      flat /= x.size(k);
      if ((std::find(kept.begin(), kept.end(), k) != kept.end()) != of_kept) continue;
      result += index * stride;
      stride *= x.size(k);
    }
    return result;
  };
  std::int64_t n = 1;
  for (const auto k : kept) n *= x.size(k);
  auto rho = at::zeros({n, n}, at::kComplexDouble);
  auto* entries = rho.mutable_data_ptr<c10::complex<double>>();
  double norm = 0;
  for (std::int64_t a = 0; a < x.numel(); ++a) {
    norm += std::norm(values[a]);
    for (std::int64_t b = 0; b < x.numel(); ++b) {
      if (place(a, false) != place(b, false)) continue;
      entries[place(a, true) * n + place(b, true)] += values[a] * std::conj(values[b]);
    }
  }
  return rho / norm;
}

TEST_P(Entropy, DensityMatricesOfADenseTensorAreThoseByLoops) {
  const auto x = noise({3, 4, 2, 3}, GetParam(), 9);
  const auto all = densities(x);
  const auto information = mutual_information(x);
  const auto close_to = [&](const at::Tensor& rho, const at::Tensor& wanted) {
    EXPECT_EQ(rho.scalar_type(), GetParam());
    EXPECT_LT(relative(rho.to(at::kComplexDouble), wanted), rounding_of(GetParam()));
  };
  for (std::int64_t a = 0; a < 4; ++a) {
    const auto wanted = density_by_loops(x, {a});
    close_to(density(x, a), wanted);
    close_to(all[a], wanted);
    for (std::int64_t b = a + 1; b < 4; ++b) {
      const auto pair = density_by_loops(x, {a, b});
      close_to(density(x, a, b), pair);
      const double expected = entropy(wanted) + entropy(density_by_loops(x, {b})) - entropy(pair);
      EXPECT_NEAR(mutual_information(x, a, b), expected, 10 * rounding_of(GetParam()));
      EXPECT_NEAR(information[a][b].item<double>(), expected, 10 * rounding_of(GetParam()));
      EXPECT_EQ(information[b][a].item<double>(), information[a][b].item<double>());
    }
    EXPECT_EQ(information[a][a].item<double>(), 0);
  }
}

// The train and the tensor that it stands for say the same, also at a scale whose squares overflow.
TEST_P(Entropy, ADenseTensorAndItsTrainAgree) {
  const auto train = made({3, 4, 2, 3}, 3);
  const auto dense = full(train);
  const double most = 100 * rounding_of(GetParam());
  EXPECT_LT((mutual_information(train) - mutual_information(dense)).abs().max().item<double>(),
            most);
  EXPECT_LT(relative(density(dense * 1e30, 0, 3), density(train, 0, 3)), most);
}

TEST_P(Entropy, MutualInformation) {
  const auto information = mutual_information(ghz(4));
  for (std::int64_t a = 0; a < 4; ++a) {
    for (std::int64_t b = 0; b < 4; ++b) {
      // Two of four sites are a classical mixture: ln 2 each, and ln 2 together.
      EXPECT_NEAR(information[a][b].item<double>(), a == b ? 0 : std::log(2.0), 1e-5);
    }
  }
  EXPECT_NEAR(mutual_information(ghz(2), 0, 1), 2 * std::log(2.0), 1e-5);
  EXPECT_NEAR(mutual_information(made({3, 4, 2}, 1), 0, 2), 0, 1e-4);
  const auto train = made({3, 4, 2, 3}, 3);
  EXPECT_NEAR(mutual_information(train)[1][3].item<double>(), mutual_information(train, 1, 3),
              1e-4);
}

RANKLENS_FOUR_TYPES(Entropy);

TEST(Weights, EntropiesOfKnownDistributions) {
  const auto half = at::tensor({0.5, 0.25, 0.25}, at::kDouble);
  EXPECT_NEAR(von_neumann(half), 1.5 * std::log(2.0), 1e-15);
  EXPECT_NEAR(von_neumann(half * 8), 1.5 * std::log(2.0), 1e-15);
  EXPECT_NEAR(renyi(half, 2), -std::log(0.375), 1e-15);
  EXPECT_NEAR(renyi(half, 1), 1.5 * std::log(2.0), 1e-15);
  EXPECT_NEAR(renyi(half, 0), std::log(3.0), 1e-15);
  EXPECT_NEAR(renyi(half, INFINITY), std::log(2.0), 1e-15);
  EXPECT_EQ(von_neumann(at::tensor({1.0, 0.0}, at::kDouble)), 0);
}

TEST(EntropyErrors, AreOneSentence) {
  expect_error([] { bond_entropies(zeros({2, 3})); }, "zeros");
  expect_error([] { bond_entropies(ones({2, 3}), -1.0); }, "order not below 0");
  expect_error([] { bond_entropies(at::ones({2, 3}) * NAN); }, "NaN");
  expect_error([] { matrix_entropy(at::ones({2})); }, "only a matrix");
  expect_error([] { von_neumann(at::tensor({-1.0, 2.0})); }, "at least 0");
  expect_error([] { density(ones({2, 3}), 2); }, "no mode 2");
  expect_error([] { density(ones({2, 3}), 1, 1); }, "first below the second");
  expect_error([] { density(zeros({2, 3}), 1); }, "zeros");
  expect_error([] { density(at::ones({2, 3}), 2); }, "no mode 2");
  expect_error([] { density(at::ones({2, 3}), 1, 1); }, "first below the second");
  expect_error([] { mutual_information(at::zeros({2, 3})); }, "zeros");
  expect_error([] { density(at::ones({2, 3}) * NAN, 0); }, "NaN");
}

}  // namespace
}  // namespace ranklens::tn
