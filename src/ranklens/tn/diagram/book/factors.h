#pragma once

#include <string>
#include <vector>

#include "ranklens/tn/diagram/values.h"

/// The reference computations of the book: decompositions of small tensors by libtorch's linear
/// algebra, in the plainest way.
namespace ranklens::tn::diagram::book {

struct Svd {
  at::Tensor u, s, v;  ///< m = u diag(s) v^H, s descending
};

/// The thin SVD of a matrix, or its first `rank` terms.
Svd svd(const at::Tensor& matrix, std::int64_t rank = -1);

/// The matrix of a tensor with these legs before the others.
at::Tensor unfolding(const at::Tensor& tensor, const std::vector<std::int64_t>& legs);

/// Left-canonical cores by successive SVDs from the left (Vidal 2003; Oseledets 2011, algorithm 1):
/// all but the last are isometries from their right leg. Core k has shape [r, n, r'], without the
/// legs of size 1 at the ends. `rank` bounds every r. `discarded` gets the norm of what each SVD
/// left out.
std::vector<at::Tensor> left_cores(const at::Tensor& tensor, std::int64_t rank = -1,
                                   std::vector<double>* discarded = nullptr);
/// The same from the right: all but the first are isometries from their left leg.
std::vector<at::Tensor> right_cores(const at::Tensor& tensor);

struct Tucker {
  at::Tensor core;
  std::vector<at::Tensor> factors;
  std::vector<double> discarded;  ///< a mode: the norm of the left out singular values
};

/// The higher-order SVD (De Lathauwer, De Moor and Vandewalle 2000), truncated to `rank` in every
/// mode; with `sweeps` of higher-order orthogonal iteration (2000, algorithm 4.2) after it.
Tucker tucker(const at::Tensor& tensor, std::int64_t rank, int sweeps = 0);

/// Factors [n, rank] of a canonical decomposition of a tensor of order 3 by alternating least
/// squares (Harshman 1970; Carroll and Chang 1970), started from the first singular vectors.
std::vector<at::Tensor> cp(const at::Tensor& tensor, std::int64_t rank, int sweeps = 4000);

/// The norm of what several norms are of: the root of the sum of squares.
double root_of_squares(const std::vector<double>& norms);

}  // namespace ranklens::tn::diagram::book
