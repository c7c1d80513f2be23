#include "ranklens/base/dtype.h"

#include <gtest/gtest.h>

namespace ranklens::base {
namespace {

TEST(Dtype, NamesAreThoseOfNumPy) {
  EXPECT_EQ(dtype_name(at::kByte), "uint8");
  EXPECT_EQ(dtype_name(at::kLong), "int64");
  EXPECT_EQ(dtype_name(at::kBFloat16), "bfloat16");
  EXPECT_EQ(dtype_name(at::kFloat), "float32");
  EXPECT_EQ(dtype_name(at::kComplexDouble), "complex128");
}

TEST(Dtype, TypesWithoutSuchANameKeepTheirOwn) { EXPECT_EQ(dtype_name(at::kQInt8), "QInt8"); }

}  // namespace
}  // namespace ranklens::base
