#pragma once

#include <gtest/gtest.h>

#include "ranklens/nn/kernels/table.h"

namespace ranklens::testing {

/// Runs `body` with the kernels of each instruction set that this processor has.
template <class Body>
void with_each_kernel_set(const Body& body) {
  const auto* before = nn::kernels::table();
  for (const auto* kernels : nn::kernels::tables()) {
    SCOPED_TRACE(kernels->name);
    nn::kernels::use(kernels);
    body();
  }
  nn::kernels::use(before);
}

}  // namespace ranklens::testing
