#pragma once

#include <complex>

#include "ranklens/tn/train/decompose.h"

namespace ranklens::tn {

/// How a train is brought to lower ranks.
/// qr: orthogonalise by QR, then truncate (Oseledets 2011, alg. 2). Safe for any eps.
/// gram: Gram matrices of the right parts instead of tall QR factorisations (Al Daas, Ballard,
///   Manning 2022, alg. 4.3), in double precision; where eps or the ranks ask for singular values
///   below 1e-7 of the norm, qr takes over.
/// randomised: sketch with a random train, orthogonalise, truncate, and project once more on what
///   was found (Al Daas et al. 2023, alg. 3.2, with a subspace iteration). With eps the error is
///   checked exactly, and the sketch widened until it holds or qr takes over.
enum class RoundMethod { qr, gram, randomised };

struct RoundOptions {
  double eps = 0;  ///< relative Frobenius error, kept; 0: to rounding error
  Shape ranks{};   ///< upper bounds: one for all bonds, or d - 1; as of Closeness
  RoundMethod method = RoundMethod::qr;
  Factoriser factoriser = Factoriser::automatic;  ///< of the truncating sweep
  std::int64_t oversampling = 8;                  ///< columns of a sketch beyond the rank
  bool certify = true;     ///< randomised with ranks only: false saves the norm; error is then -1
  std::uint64_t seed = 0;  ///< of the sketch
};

/// The train of lowest ranks, or nearly, within eps; a train with centre 0 or d - 1. Its error
/// comes from the cuts, to about 1e-8 of the norm. Errors: NaN or infinite entries; as of
/// `decompose`.
Approximation round(const TensorTrain& train, const RoundOptions& options);
MatrixApproximation round(const TTMatrix& matrix, const RoundOptions& options);

/// sum of factors[j] * trains[j], rounded without forming the sum, whose ranks are the sum of all:
/// each term is sketched by itself, and bases are found for the sum. Always randomised; where
/// that cannot keep eps, the sum is formed and rounded by qr.
Approximation round_sum(const std::vector<TensorTrain>& trains,
                        const std::vector<std::complex<double>>& factors,
                        const RoundOptions& options);

}  // namespace ranklens::tn
