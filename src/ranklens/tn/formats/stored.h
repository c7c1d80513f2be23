#pragma once

#include <string_view>
#include <variant>

#include "ranklens/tn/formats/cp.h"
#include "ranklens/tn/formats/tucker.h"
#include "ranklens/tn/formats/tucker_train.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/container.h"

namespace ranklens::tn {

/// A tensor in any of the formats that files hold, and what can be asked of all of them.
using Stored = std::variant<StoredTrain, Tucker, CP, TuckerTrain>;

/// "tt", "tucker", "cp" or "tucker_tt".
std::string_view format_of(const Stored& stored);
/// Of a TT matrix [M, N].
Shape shape(const Stored& stored);
/// Inner ranks of a train (and of the train of a Tucker train), those of a Tucker core's modes, the
/// one number of a CP's terms.
Shape ranks(const Stored& stored);
/// Numbers that have to be stored.
std::int64_t parameters(const Stored& stored);
Stored to(const Stored& stored, const at::TensorOptions& options);

/// The tensor itself. Error where it would have more than 2^40 entries.
at::Tensor full(const Stored& stored);

/// The tensor as a train: a TT matrix by its fused modes, others by from_tucker() and from_cp().
TensorTrain as_train(const Stored& stored);

/// <a, b> with a conjugated; of two dtypes, both are taken to the wider one (of float64 and
/// complex64 that is complex128). Trains by dot_scaled(); others, and two formats, in double
/// precision as one contraction of all their cores and factors in a planned order: nothing is
/// written out.
/// Error where the shapes differ, or for a TT matrix (or its modes) against something else.
ScaledNumber dot(const Stored& a, const Stored& b);

/// ln of the Frobenius norm; -infinity of zero.
double log_norm(const Stored& stored);

}  // namespace ranklens::tn
