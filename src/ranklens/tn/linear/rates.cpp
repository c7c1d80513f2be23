#include "ranklens/tn/linear/rates.h"

#include "ranklens/base/product.h"
#include "ranklens/tn/linear/panels/table.h"

namespace ranklens::tn {

Rates typical_rates(at::ScalarType type) {
  Rates rates;
  if (type == at::kDouble) rates.product = rates.dense = rates.product / 2;
  if (type == at::kFloat && base::product_kernel() == base::ProductKernel::onednn) rates.dense *= 2;
  if (const auto* kernels = panels::table(); type == at::kFloat && kernels != nullptr) {
    // Measured on Zen 3: 87 Gflop/s where large products of libtorch reach 72.
    rates.panels = 1.15 * rates.dense;
    rates.lanes = kernels->lanes;
  }
  return rates;
}

}  // namespace ranklens::tn
