#include "ranklens/base/product.h"

#include <fstream>
#include <string>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/allclose.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"

namespace ranklens::base {
namespace {

class Product : public ::testing::TestWithParam<ProductKernel> {
 protected:
  void SetUp() override {
    before_ = product_kernel();
    set_product_kernel(GetParam());
  }
  void TearDown() override { set_product_kernel(before_); }

 private:
  ProductKernel before_{};
};

// Large enough that the kernel is asked; the other side is float64.
TEST_P(Product, ValuesAndGradients) {
  Stream stream(1, "noise");
  const at::Tensor x = stream.normal({6, 50, 100}).requires_grad_();
  const at::Tensor w = stream.normal({80, 100}).requires_grad_();
  const at::Tensor b = stream.normal({80}).requires_grad_();
  const at::Tensor dy = stream.normal({6, 50, 80});
  const at::Tensor y = base::linear(x, w, b);
  const at::Tensor wide = dy.to(at::kDouble).view({300, 80});
  const at::Tensor rows = x.detach().to(at::kDouble).view({300, 100});
  const at::Tensor expected =
      rows.matmul(w.detach().to(at::kDouble).t()).add(b.detach().to(at::kDouble));
  EXPECT_EQ(y.sizes(), (std::vector<std::int64_t>{6, 50, 80}));
  EXPECT_TRUE(at::allclose(y.detach().view({300, 80}).to(at::kDouble), expected, 1e-4, 1e-4));
  const auto gradients = torch::autograd::grad({y}, {x, w, b}, {dy});
  EXPECT_TRUE(at::allclose(gradients[0].view({300, 100}).to(at::kDouble),
                           wide.matmul(w.detach().to(at::kDouble)), 1e-4, 1e-4));
  EXPECT_TRUE(at::allclose(gradients[1].to(at::kDouble), wide.t().matmul(rows), 1e-4, 1e-3));
  EXPECT_TRUE(at::allclose(gradients[2].to(at::kDouble), wide.sum(0), 1e-4, 1e-3));
}

TEST_P(Product, StridedOperands) {
  Stream stream(2, "noise");
  const at::Tensor x = stream.normal({200, 160}).t();                  // [160, 200]
  const at::Tensor w = stream.normal({100, 400}).slice(1, 0, 400, 2);  // [100, 200]
  const at::Tensor expected =
      x.to(at::kDouble).contiguous().matmul(w.to(at::kDouble).contiguous().t());
  EXPECT_TRUE(at::allclose(base::linear(x, w).to(at::kDouble), expected, 1e-4, 1e-4));
}

// A sum's gradient is one number expanded; without a bias there is none to return.
TEST_P(Product, ExpandedGradientNoBias) {
  Stream stream(5, "noise");
  const at::Tensor x = stream.normal({300, 100});
  const at::Tensor w = stream.normal({80, 100}).requires_grad_();
  const auto gradients = torch::autograd::grad({base::linear(x, w).sum()}, {w});
  EXPECT_TRUE(at::allclose(gradients[0], x.sum(0).expand({80, 100}), 1e-4, 1e-3));
}

// The gradient of the squared gradient of x, against its closed form:
// g = dy W, d(sum g^2)/dW = 2 dy^T g.
TEST_P(Product, DifferentiableTwice) {
  Stream stream(3, "noise");
  const at::Tensor x = stream.normal({300, 100}).requires_grad_();
  const at::Tensor w = stream.normal({80, 100}).requires_grad_();
  const at::Tensor dy = stream.normal({300, 80});
  const auto first = torch::autograd::grad({base::linear(x, w)}, {x}, {dy}, true, true);
  const auto second = torch::autograd::grad({first[0].square().sum()}, {w});
  const at::Tensor wide = dy.to(at::kDouble);
  const at::Tensor expected = wide.t().matmul(wide.matmul(w.detach().to(at::kDouble))).mul(2);
  EXPECT_TRUE(at::allclose(second[0].to(at::kDouble), expected, 1e-3, 1e-2));
}

TEST_P(Product, OtherDtypesAndSmallOnes) {
  Stream stream(4, "noise");
  const at::Tensor x = stream.normal({3, 5}, 0, 1, at::kDouble);
  const at::Tensor w = stream.normal({4, 5}, 0, 1, at::kDouble);
  EXPECT_TRUE(at::allclose(base::linear(x, w), x.matmul(w.t())));
  EXPECT_EQ(base::linear(stream.normal({0, 5}), w.to(at::kFloat)).size(0), 0);
  EXPECT_EQ(base::linear(stream.normal({5}), w.to(at::kFloat)).dim(), 1);
}

INSTANTIATE_TEST_SUITE_P(Kernels, Product,
                         ::testing::Values(ProductKernel::libtorch, ProductKernel::onednn),
                         [](const auto& one) { return std::string(to_string(one.param)); });

TEST(ProductChoice, NeedsAClearMargin) {
  EXPECT_EQ(choose_product({.libtorch = 110, .onednn = 230}), ProductKernel::onednn);
  EXPECT_EQ(choose_product({.libtorch = 80, .onednn = 90}), ProductKernel::libtorch);
  EXPECT_EQ(choose_product({}), ProductKernel::libtorch);
}

TEST(ProductChoice, IsARuleOfTheProcessor) {
  EXPECT_EQ(kernel_for({"AuthenticAMD", 0x1A, true}), ProductKernel::onednn);
  EXPECT_EQ(kernel_for({"AuthenticAMD", 0x19, true}), ProductKernel::libtorch);
  EXPECT_EQ(kernel_for({"AuthenticAMD", 0x1A, false}), ProductKernel::libtorch);
  EXPECT_EQ(kernel_for({"GenuineIntel", 0x6, true}), ProductKernel::libtorch);
  EXPECT_EQ(kernel_for({}), ProductKernel::libtorch);
}

TEST(ProductChoice, KnowsTheProcessor) {
  std::ifstream file("/proc/cpuinfo");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.find("vendor_id") == std::string::npos) GTEST_SKIP() << "no vendor in /proc/cpuinfo";
  const auto processor = this_processor();
  EXPECT_NE(text.find(": " + processor.vendor + "\n"), std::string::npos) << processor.vendor;
  EXPECT_NE(text.find("cpu family\t: " + std::to_string(processor.family) + "\n"),
            std::string::npos);
  EXPECT_EQ(text.find("avx512f") != std::string::npos, processor.avx512);
}

TEST(ProductChoice, MeasuresBoth) {
  const auto measured = measure_products();
  EXPECT_GT(measured.libtorch, 0);
  EXPECT_GT(measured.onednn, 0);
}

TEST(ProductChoice, NamesAreRead) {
  EXPECT_EQ(parse_product_kernel("onednn"), ProductKernel::onednn);
  EXPECT_EQ(parse_product_kernel("libtorch"), ProductKernel::libtorch);
  EXPECT_THROW(parse_product_kernel("blis"), Error);
}

}  // namespace
}  // namespace ranklens::base
