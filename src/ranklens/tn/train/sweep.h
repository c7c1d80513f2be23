#pragma once

#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/train/tensor_train.h"

namespace ranklens::tn {

/// What was cut off at one bond.
struct Cut {
  std::int64_t bond = 0;        ///< between cores bond and bond + 1
  std::int64_t rank = 0;        ///< that was kept
  double discarded = 0;         ///< Frobenius norm of what was cut off, in units of the cores
  at::Tensor values;            ///< Schmidt values kept, where they were computed
  at::Tensor discarded_values;  ///< those cut off, as far as they were computed
};

/// How far a sweep may truncate: relative to the norm, shared by all bonds. A bond that needs less
/// than its share leaves it to those after it.
struct Budget {
  double squared = 0;     ///< what may still be discarded, squared
  std::int64_t cuts = 1;  ///< bonds still to come
  double next() const;    ///< tolerance of the next one
  void spend(double discarded);
};

/// Moves the centre from core `bond` to core bond + 1: splits core `bond`, keeps its orthogonal
/// factor and multiplies the other one into the neighbour.
Cut carry_right(std::vector<at::Tensor>& cores, std::int64_t bond,
                const Truncation& truncation = {}, Factoriser factoriser = Factoriser::automatic);
/// From core bond + 1 to core `bond`.
Cut carry_left(std::vector<at::Tensor>& cores, std::int64_t bond, const Truncation& truncation = {},
               Factoriser factoriser = Factoriser::automatic);

enum class Gauge {
  qr,   ///< cores orthogonalised by QR
  svd,  ///< by singular value decompositions: every bond that is crossed yields Schmidt values
};

/// The same tensor with all cores left of `centre` left-orthogonal and all right of it
/// right-orthogonal. Only bonds between the old and the new centre are touched where the old one is
/// known. The norm of the centre moves to log_scale; bonds do not grow, and shrink where a core has
/// more columns than rows. Ranks above what the modes allow go.
TensorTrain canonical(const TensorTrain& train, std::int64_t centre, Gauge gauge = Gauge::qr);
TTMatrix canonical(const TTMatrix& matrix, std::int64_t centre, Gauge gauge = Gauge::qr);

/// The same tensor with the scale of core k in log_scale: its norm is 1 afterwards (if not zero).
void normalise_core(TensorTrain& train, std::int64_t k);

/// The Schmidt values of every bond, descending, divided by their norm; empty for one core. One
/// sweep of QR and one of small singular value decompositions (Vidal 2003).
std::vector<at::Tensor> schmidt_values(const TensorTrain& train);

}  // namespace ranklens::tn
