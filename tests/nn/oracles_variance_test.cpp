#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ranklens/nn/init.h"
#include "ranklens/nn/weight_spec.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/tensor_train.h"

namespace ranklens::nn {
namespace {

// A new tensor-train layer has entries of the variance that a dense one would have, within a tenth,
// for every order and rank.
TEST(OracleVariance, OfNewTensorTrainLayers) {
  const Init init{.kind = Init::Kind::normal, .std = 0.3};
  for (const int d : {2, 3, 4, 5, 6}) {
    for (const int rank : {1, 2, 4, 8, 16}) {
      std::string modes = "5";
      Shape shape{5, 5};
      for (int k = 1; k < d; ++k) {
        modes += "x5";
        shape = {5 * shape[0], 5 * shape[1]};
      }
      const auto spec = fmt::format("tt(out={0},in={0},r={1})", modes, rank);
      const int draws = rank == 1 ? 800 : rank == 2 ? 300 : 100;
      double variance = 0;
      for (int draw = 0; draw < draws; ++draw) {
        const auto weight = initialise(shape, parse_weight_spec(spec), init,
                                       base::Stream(static_cast<std::uint64_t>(draw), "init", "w"));
        tn::TTMatrix matrix;
        for (const auto& factor : weight->factors()) {
          matrix.cores.push_back(factor.tensor.to(at::kDouble));
        }
        variance += tn::dot(matrix, matrix).item<double>() /
                    (static_cast<double>(shape[0]) * static_cast<double>(shape[1]) * draws);
      }
      EXPECT_NEAR(variance / 0.09, 1, 0.1) << spec;
    }
  }
}

}  // namespace
}  // namespace ranklens::nn
