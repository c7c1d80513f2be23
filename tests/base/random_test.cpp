#include "ranklens/base/random.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/ops/cat.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"
#include "ranklens/base/threads.h"

namespace ranklens::base {
namespace {

TEST(Stream, ScalarsAreTheElementsOfTensors) {
  Stream tensors(7, "init", "conv1");
  Stream scalars(7, "init", "conv1");
  const at::Tensor u = tensors.uniform({70}, 0, 1, at::kDouble);
  for (int i = 0; i < 70; ++i) EXPECT_EQ(u[i].item<double>(), scalars.uniform());
  const at::Tensor z = tensors.normal({150}, 0, 1, at::kDouble);
  for (int i = 0; i < 150; ++i) EXPECT_EQ(z[i].item<double>(), scalars.normal());
  EXPECT_EQ(tensors.position(), scalars.position());
}

TEST(Stream, ATensorInPartsIsTheWhole) {
  for (const std::int64_t part : {1, 63, 64, 100, 1025}) {
    Stream whole(3, "noise");
    Stream parts(3, "noise");
    const at::Tensor all = whole.normal({40, 50});
    const at::Tensor joined = at::cat({parts.normal({part}), parts.normal({2000 - part})});
    EXPECT_TRUE(all.view({-1}).equal(joined)) << part;
    const at::Tensor masks = whole.bernoulli_mask({3000}, 0.3);
    EXPECT_TRUE(masks.equal(
        at::cat({parts.bernoulli_mask({part}, 0.3), parts.bernoulli_mask({3000 - part}, 0.3)})));
  }
}

TEST(Stream, ThreadsDoNotMatter) {
  std::vector<at::Tensor> drawn;
  for (const int threads : {1, 3}) {
    const ThreadScope scope(threads);
    drawn.push_back(Stream(1, "noise").normal({200001}));
  }
  EXPECT_TRUE(drawn[0].equal(drawn[1]));
}

TEST(Stream, DtypesAgreeToTheirRounding) {
  const at::Tensor wide = Stream(1, "init").normal({1000}, 0, 1, at::kDouble);
  EXPECT_TRUE(Stream(1, "init").normal({1000}).equal(wide.to(at::kFloat)));
  const at::Tensor narrow = Stream(1, "init").normal({1000}, 0, 1, at::kBFloat16);
  EXPECT_EQ(narrow.scalar_type(), at::kBFloat16);
  EXPECT_LT(narrow.to(at::kDouble).sub(wide).abs().max().item<double>(), 6.8 * 0.004);
}

// Every bound is over 4.5 standard errors of the estimate.
TEST(Stream, Moments) {
  const double n = 1 << 20;
  const double error = 5 / std::sqrt(n);
  Stream stream(11, "noise", "moments");
  const at::Tensor u = stream.uniform({1 << 20}, -1, 3, at::kDouble);
  EXPECT_NEAR(u.mean().item<double>(), 1, 4 * error / std::sqrt(12));
  EXPECT_NEAR(u.var().item<double>(), 16.0 / 12, 16 * error / std::sqrt(180));
  EXPECT_GE(u.min().item<double>(), -1);
  EXPECT_LT(u.max().item<double>(), 3);
  const at::Tensor z = stream.normal({1 << 20}, 2, 3, at::kDouble).sub(2).div(3);
  EXPECT_NEAR(z.mean().item<double>(), 0, error);
  EXPECT_NEAR(z.pow(2).mean().item<double>(), 1, std::sqrt(2.0) * error);
  EXPECT_NEAR(z.pow(3).mean().item<double>(), 0, std::sqrt(15.0) * error);
  EXPECT_NEAR(z.pow(4).mean().item<double>(), 3, std::sqrt(96.0) * error);
  const at::Tensor kept = stream.bernoulli_mask({1 << 20}, 0.3).to(at::kDouble);
  EXPECT_NEAR(kept.mean().item<double>(), 0.3, std::sqrt(0.21) * error);
}

TEST(Stream, BernoulliAtTheEnds) {
  Stream stream(1, "dropout");
  EXPECT_TRUE(stream.bernoulli_mask({500}, 1).all().item<bool>());
  EXPECT_FALSE(stream.bernoulli_mask({500}, 0).any().item<bool>());
  EXPECT_EQ(stream.position(), 1000U);
  EXPECT_THROW(stream.bernoulli_mask({5}, 1.5), Error);
}

// An upper end that float32 would round to must not appear.
TEST(Stream, UniformExcludesTheUpperEnd) {
  const at::Tensor u = Stream(5, "noise").uniform({1 << 22}, 16777214, 16777216);
  EXPECT_LT(u.max().item<float>(), 16777216.0F);
  EXPECT_GE(u.min().item<float>(), 16777214.0F);
}

double correlation(const at::Tensor& a, const at::Tensor& b) {
  return a.mul(b).mean().item<double>();
}

TEST(Stream, OtherNamesAreIndependent) {
  const std::int64_t n = 1 << 16;
  const double bound = 5 / std::sqrt(static_cast<double>(n));
  const Stream parent(1, "init");
  std::vector<Stream> streams{parent,
                              Stream(2, "init"),
                              Stream(1, "noise"),
                              Stream(1, "init", "a"),
                              Stream(1, "init", "a", 1),
                              parent.child("a"),
                              parent.child("b"),
                              parent.child("a", 1),
                              parent.child("a").child("a")};
  std::vector<at::Tensor> drawn;
  for (auto& stream : streams) drawn.push_back(stream.normal({n}, 0, 1, at::kDouble));
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_LT(std::abs(correlation(drawn[i], drawn[j])), bound) << i << ' ' << j;
    }
  }
}

TEST(Stream, NamesDoNotRunTogether) {
  EXPECT_NE(Stream(1, "ab", "c").next_u32(), Stream(1, "a", "bc").next_u32());
  EXPECT_NE(Stream(1, "a", "").next_u32(), Stream(1, "", "a").next_u32());
  EXPECT_NE(Stream(1, "a", std::string_view("\0", 1)).next_u32(), Stream(1, "a").next_u32());
}

TEST(Stream, ChildIgnoresThePosition) {
  Stream stream(1, "init");
  const std::uint32_t before = stream.child("x").next_u32();
  stream.normal({10});
  EXPECT_EQ(stream.child("x").next_u32(), before);
}

TEST(Stream, SeekReplays) {
  Stream stream(1, "dropout");
  stream.uniform();
  const std::uint64_t place = stream.position();
  const at::Tensor mask = stream.bernoulli_mask({333}, 0.5);
  stream.seek(place);
  EXPECT_TRUE(stream.bernoulli_mask({333}, 0.5).equal(mask));
}

TEST(Stream, BelowIsUniform) {
  Stream stream(9, "order");
  std::vector<int> counts(7);
  for (int i = 0; i < 70000; ++i) ++counts[stream.below(7)];
  double chi2 = 0;
  for (const int count : counts) chi2 += (count - 1e4) * (count - 1e4) / 1e4;
  EXPECT_LT(chi2, 30);  // 6 degrees of freedom: p < 1e-4 beyond 27.9
  const std::uint64_t huge = (std::uint64_t{1} << 63) + 1;
  std::uint64_t top = 0;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t value = stream.below(huge);
    EXPECT_LT(value, huge);
    top = std::max(top, value);
  }
  EXPECT_GT(top, huge / 2);
  EXPECT_EQ(stream.below(1), 0U);
  EXPECT_THROW(stream.below(0), Error);
}

TEST(Stream, PermutationsAreUniform) {
  Stream stream(4, "order");
  const at::Tensor order = stream.permutation(1000);
  EXPECT_TRUE(std::get<0>(order.sort()).equal(std::get<0>(stream.permutation(1000).sort())));
  std::vector<int> counts(6);
  for (int i = 0; i < 6000; ++i) {
    const at::Tensor p = stream.permutation(3);
    const auto* v = p.const_data_ptr<std::int64_t>();
    ++counts[static_cast<std::size_t>(v[0] * 2 + (v[1] > v[2] ? 1 : 0))];
  }
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
  EXPECT_EQ(stream.permutation(0).numel(), 0);
}

TEST(Stream, IntegersCoverTheirRange) {
  const at::Tensor drawn = Stream(4, "augment").integers({10000}, 9);
  EXPECT_EQ(drawn.min().item<std::int64_t>(), 0);
  EXPECT_EQ(drawn.max().item<std::int64_t>(), 8);
  EXPECT_NEAR(drawn.to(at::kDouble).mean().item<double>(), 4, 5 * 2.582 / 100);
}

}  // namespace
}  // namespace ranklens::base
