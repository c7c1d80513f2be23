#pragma once

#include <vector>

#include "ranklens/tn/train/tensor_train.h"

// Entanglement of a tensor read as a state |x> / ||x||, or of a matrix read as one (operator
// entanglement; Prosen, Pizorn 2007). Natural logarithms. Nothing changes its argument, and nothing
// depends on the gauge or the scale of a train.
namespace ranklens::tn {

/// What the Schmidt values s of a bond say, with p = s^2 / sum s^2.
struct BondEntropy {
  at::Tensor schmidt;         ///< float64 on the CPU, descending, of norm 1
  double von_neumann = 0;     ///< -sum p ln p, in nats; at most ln of the rank
  double renyi = 0;           ///< ln(sum p^alpha) / (1 - alpha), for the alpha that was asked for
  double effective_rank = 1;  ///< exp(von_neumann)
};

/// -sum p ln p of weights >= 0, which are divided by their sum; 0 for all zeros.
double von_neumann(const at::Tensor& weights);
/// alpha >= 0: 0 counts the weights above zero, 1 is von_neumann, infinity is -ln max p.
double renyi(const at::Tensor& weights, double alpha);

/// All d - 1 bonds, in one sweep. Error for a tensor of zeros, which is no state.
std::vector<BondEntropy> bond_entropies(const TensorTrain& train, double alpha = 2);
std::vector<BondEntropy> bond_entropies(const TTMatrix& matrix, double alpha = 2);
/// Of a dense tensor, from the singular values of each unfolding.
std::vector<BondEntropy> bond_entropies(const at::Tensor& tensor, double alpha = 2);
/// Of a dense matrix [M, N] with the modes of a TT matrix, to be compared with one.
std::vector<BondEntropy> bond_entropies(const at::Tensor& matrix, const Shape& rows,
                                        const Shape& columns, double alpha = 2);

/// Of a matrix from its own singular values: what a layer of a network spreads over.
BondEntropy matrix_entropy(const at::Tensor& matrix, double alpha = 2);

}  // namespace ranklens::tn
