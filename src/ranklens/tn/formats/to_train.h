#pragma once

#include "ranklens/tn/formats/cp.h"
#include "ranklens/tn/formats/tucker.h"
#include "ranklens/tn/formats/tucker_train.h"
#include "ranklens/tn/train/make.h"

// The other formats as tensor trains, beside those from loose tensors (train/make.h).
namespace ranklens::tn {

/// Every rank becomes the number of terms; `round` lowers them.
TensorTrain from_cp(const CP& cp);

/// The core as a train, by TT-SVD to rounding error, with the factors multiplied into its cores.
TensorTrain from_tucker(const Tucker& tucker);

/// The factors multiplied into the train's cores: its ranks stay.
TensorTrain from_tucker(const TuckerTrain& hybrid);

}  // namespace ranklens::tn
