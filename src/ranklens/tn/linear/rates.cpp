#include "ranklens/tn/linear/rates.h"

#include "ranklens/base/product.h"

namespace ranklens::tn {

Rates typical_rates(at::ScalarType type) {
  Rates rates;
  if (type == at::kDouble) rates.product = rates.dense = rates.product / 2;
  if (type == at::kFloat && base::product_kernel() == base::ProductKernel::onednn) rates.dense *= 2;
  return rates;
}

}  // namespace ranklens::tn
