#include "ranklens/tn/formats/stored.h"

#include <cmath>

#include <ATen/ops/promote_types.h>
#include <ATen/ops/vdot.h>
#include <gtest/gtest.h>

#include "ranklens/base/safetensors.h"
#include "ranklens/tn/formats/container.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/decompose.h"
#include "ranklens/tn/train/make.h"

#include "testing/expect_error.h"
#include "testing/temporary_folder.h"
#include "tn/drawn.h"

namespace ranklens::tn {
namespace {

using testing::drawn;
using testing::expect_error;
using testing::relative;
using testing::TemporaryFolder;

Tucker some_tucker(at::ScalarType dtype) {
  return {drawn({2, 3, 2}, "core", dtype),
          {drawn({4, 2}, "0", dtype), drawn({3, 3}, "1", dtype), drawn({5, 2}, "2", dtype)}};
}

CP some_cp(at::ScalarType dtype) {
  return {drawn({2}, "weights", at::kDouble),
          {drawn({4, 2}, "a", dtype), drawn({3, 2}, "b", dtype), drawn({5, 2}, "c", dtype)}};
}

StoredTrain some_train(at::ScalarType dtype) {
  auto train = decompose(drawn({4, 3, 5}, "train", dtype), {.ranks = {2}}).train;
  train.log_scale = 0.5;
  return {train, {}, {}};
}

TuckerTrain some_hybrid(at::ScalarType dtype) {
  auto hybrid = tucker_train(drawn({4, 3, 5}, "hybrid", dtype), {.ranks = {2}}).value;
  hybrid.core.log_scale = -0.4;
  return hybrid;
}

std::vector<Stored> one_of_each(at::ScalarType dtype) {
  return {some_train(dtype), some_tucker(dtype), some_cp(dtype), some_hybrid(dtype)};
}

TEST(Stored, ComesBackFromItsFile) {
  const TemporaryFolder folder;
  const auto file = folder / "x.safetensors";
  for (const auto dtype : testing::kFour) {
    for (const auto& stored : one_of_each(dtype)) {
      write_stored(file, stored);
      EXPECT_TRUE(holds_stored(file));
      const auto found = read_stored(file);
      EXPECT_EQ(format_of(found), format_of(stored));
      EXPECT_EQ(shape(found), (Shape{4, 3, 5}));
      EXPECT_EQ(ranks(found), ranks(stored));
      EXPECT_EQ(parameters(found), parameters(stored));
      EXPECT_EQ(full(found).scalar_type(), dtype);
      EXPECT_LT(relative(full(found), full(stored)), testing::loosened(1e-14, dtype));
    }
  }
  EXPECT_FALSE(holds_stored(folder / "none.safetensors"));
}

TEST(Stored, InnerProductsOfAllFormatsAreThoseOfTheArrays) {
  for (const auto dtype : testing::kFour) {
    for (const auto& a : one_of_each(dtype)) {
      EXPECT_NEAR(log_norm(a), std::log(frobenius(full(a))), testing::loosened(1e-13, dtype));
      for (const auto& b : one_of_each(at::kComplexDouble)) {
        const auto found = dot(a, b);
        const auto expected = at::vdot(full(a).to(at::kComplexDouble).reshape(-1),
                                       full(b).to(at::kComplexDouble).reshape(-1));
        const auto value = found.unit.to(at::kComplexDouble) * std::exp(found.log_scale);
        EXPECT_LT((value - expected).abs().item<double>(),
                  testing::loosened(1e-12, dtype) * std::exp(log_norm(a) + log_norm(b)));
      }
    }
  }
}

// Two dtypes meet in the wider one, whatever the formats are.
TEST(Stored, InnerProductsOfTwoTypesAreInTheWiderOne) {
  for (const auto first : testing::kFour) {
    for (const auto second : testing::kFour) {
      const auto wider = at::promote_types(first, second);
      for (const auto& a : one_of_each(first)) {
        for (const auto& b : one_of_each(second)) {
          const auto found = dot(a, b);
          EXPECT_EQ(found.unit.is_complex(), c10::isComplexType(wider));
          const auto exact = at::vdot(full(a).to(at::kComplexDouble).reshape(-1),
                                      full(b).to(at::kComplexDouble).reshape(-1));
          const auto value = found.unit.to(at::kComplexDouble) * std::exp(found.log_scale);
          EXPECT_LT((value - exact).abs().item<double>(),
                    (testing::is_narrow(first) || testing::is_narrow(second) ? 1e-5 : 1e-12) *
                        std::exp(log_norm(a) + log_norm(b)));
        }
      }
    }
  }
}

TEST(Stored, EveryFormatIsATrain) {
  for (const auto dtype : testing::kFour) {
    for (const auto& stored : one_of_each(dtype)) {
      const auto train = as_train(stored);
      EXPECT_EQ(shape(train), (Shape{4, 3, 5}));
      EXPECT_LT(relative(full(train), full(stored)), testing::loosened(1e-13, dtype));
    }
  }
}

TEST(Stored, GoesToAnotherType) {
  for (const auto& stored : one_of_each(at::kFloat)) {
    const auto wide = to(stored, at::TensorOptions(at::kDouble));
    EXPECT_EQ(full(wide).scalar_type(), at::kDouble);
    EXPECT_LT(relative(full(wide), full(stored).to(at::kDouble)), 1e-6);
  }
}

TEST(Stored, SaysWhatHasNoInnerProduct) {
  const Stored matrix = StoredTrain{fused(identity({2, 2})), Shape{2, 2}, Shape{2, 2}};
  const Stored tucker = some_tucker(at::kDouble);
  expect_error([&] { dot(matrix, tucker); }, "another TT matrix only");
  const Stored other = CP{drawn({1}, "w"), {drawn({4, 1}, "a"), drawn({3, 1}, "b")}};
  expect_error([&] { dot(tucker, other); }, "shapes 4x3x5 and 4x3 have no inner product");
}

template <class Change>
void expect_bad_file(const Stored& stored, Change change, const std::string& part) {
  const TemporaryFolder folder;
  write_stored(folder / "x.safetensors", stored);
  auto content = base::read_safetensors(folder / "x.safetensors");
  change(content);
  base::write_safetensors(folder / "bad.safetensors", content);
  expect_error([&] { read_stored(folder / "bad.safetensors"); }, part);
}

TEST(Stored, DamagedFilesAreOneSentence) {
  using Content = base::Safetensors;
  const Stored tucker = some_tucker(at::kDouble), cp = some_cp(at::kDouble);
  expect_bad_file(tucker, [](Content& c) { c.metadata.erase("format"); }, "no metadata 'format'");
  expect_bad_file(tucker, [](Content& c) { c.metadata["format"] = "x"; }, "of format 'x'");
  expect_bad_file(tucker, [](Content& c) { c.tensors.erase("core"); }, "lacks 'core'");
  expect_bad_file(tucker, [](Content& c) { c.tensors.erase("factor.1"); }, "lacks 'factor.1'");
  expect_bad_file(tucker, [](Content& c) { c.tensors["x"] = drawn({1}, "x"); }, "lacks 'factor.3'");
  expect_bad_file(tucker, [](Content& c) { c.metadata["modes"] = "4,3"; }, "states modes 4,3");
  expect_bad_file(tucker, [](Content& c) { c.metadata["ranks"] = "1,1,1"; }, "states ranks 1,1,1");
  expect_bad_file(tucker, [](Content& c) { c.metadata["dtype"] = "float32"; }, "states the dtype");
  expect_bad_file(
      tucker, [](Content& c) { c.tensors["factor.1"] = drawn({3, 2}, "f"); }, "has 2 columns");
  expect_bad_file(cp, [](Content& c) { c.tensors["weights"] = drawn({3}, "w"); }, "for 3 weights");
  expect_bad_file(
      cp, [](Content& c) { c.tensors["weights"] = drawn({2, 1}, "w"); }, "one number a term");
  const Stored hybrid = some_hybrid(at::kDouble);
  expect_bad_file(hybrid, [](Content& c) { c.tensors.erase("core.1"); }, "lacks 'core.1'");
  expect_bad_file(hybrid, [](Content& c) { c.tensors.erase("factor.2"); }, "lacks 'factor.2'");
  expect_bad_file(hybrid, [](Content& c) { c.metadata.erase("log_scale"); }, "'log_scale'");
  expect_bad_file(
      hybrid, [](Content& c) { c.metadata["mode_ranks"] = "9,9,9"; }, "states mode_ranks 9,9,9");
  expect_bad_file(
      hybrid, [](Content& c) { c.tensors["factor.1"] = drawn({3, 1}, "f"); },
      "must be a matrix [size, 2]");
  expect_bad_file(
      cp, [](Content& c) { c.tensors["factor.0"] *= NAN; },
      "NaN or infinite entries in 'factor.0'");
  const Stored huge = CP{at::ones({1}), std::vector<at::Tensor>(3, drawn({1 << 14, 1}, "a"))};
  expect_error([&] { full(huge); }, "too many entries");
}

}  // namespace
}  // namespace ranklens::tn
