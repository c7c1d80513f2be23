#include "ranklens/tn/formats/to_train.h"

#include "ranklens/tn/train/decompose.h"

namespace ranklens::tn {

TensorTrain from_cp(const CP& cp) {
  check(cp);
  return from_cp(cp.weights.to(cp.factors[0].scalar_type()), cp.factors);
}

TensorTrain from_tucker(const Tucker& tucker) {
  check(tucker);
  return from_tucker(decompose(tucker.core).train, tucker.factors);
}

TensorTrain from_tucker(const TuckerTrain& hybrid) {
  check(hybrid);
  return from_tucker(hybrid.core, hybrid.factors);
}

}  // namespace ranklens::tn
