#include "ranklens/tn/train/container.h"

#include "ranklens/base/safetensors.h"
#include "ranklens/tn/train/make.h"
#include "ranklens/tn/train/sweep.h"

#include "testing/expect_error.h"
#include "testing/put_file.h"
#include "testing/temporary_folder.h"
#include "tn/values.h"

namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

class Container : public FourTypes {};

TEST_P(Container, ATrainComesBackAsItWas) {
  const TemporaryFolder folder;
  base::Stream stream(5, "init");
  auto train = canonical(random(stream, {3, 4, 2}, {.ranks = {2, 2}, .dtype = GetParam()}), 1);
  train.log_scale = 1.0 / 3 - 700;
  write_train(folder / "t.safetensors", train);
  const auto found = read_train(folder / "t.safetensors");
  EXPECT_FALSE(found.is_matrix());
  EXPECT_EQ(found.train.centre, 1);
  EXPECT_EQ(found.train.log_scale, train.log_scale);
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_TRUE(at::equal(found.train.cores[k], train.cores[k].resolve_conj()));
  }
}

TEST_P(Container, AMatrixComesBackAsItWas) {
  const TemporaryFolder folder;
  base::Stream stream(5, "init");
  const auto w = random(stream, Shape{2, 3}, Shape{4, 5}, {.ranks = {3}, .dtype = GetParam()});
  write_train(folder / "w.safetensors", w);
  const auto found = read_train(folder / "w.safetensors");
  ASSERT_TRUE(found.is_matrix());
  EXPECT_TRUE(at::equal(full(found.matrix()), full(w)));
  // What another program sees: names, shapes and metadata of the plain format.
  const auto raw = base::read_safetensors(folder / "w.safetensors");
  EXPECT_EQ(raw.metadata.at("kind"), "tt_matrix");
  EXPECT_EQ(raw.metadata.at("rows"), "2,3");
  EXPECT_EQ(raw.metadata.at("columns"), "4,5");
  EXPECT_EQ(raw.metadata.at("ranks"), "3");
  const auto& core = raw.tensors.at("core.1");
  EXPECT_EQ(core.sizes().slice(0, 4), (Shape{3, 3, 5, 1}));
  EXPECT_EQ(core.dim(), GetParam() == at::kComplexDouble ? 5 : 4);
}

RANKLENS_FOUR_TYPES(Container);

/// A file like that of a train of 2x3 but for one change.
template <class Change>
void expect_refused(Change change, const std::string& part) {
  const TemporaryFolder folder;
  write_train(folder / "t.safetensors", ones({2, 3}));
  auto content = base::read_safetensors(folder / "t.safetensors");
  change(content);
  base::write_safetensors(folder / "bad.safetensors", content);
  expect_error([&] { read_train(folder / "bad.safetensors"); }, part);
}

TEST(ContainerErrors, AreOneSentence) {
  using Content = base::Safetensors;
  expect_refused([](Content& c) { c.metadata.erase("format"); }, "no metadata 'format'");
  expect_refused([](Content& c) { c.metadata["format"] = "x"; }, "of format 'x'");
  expect_refused([](Content& c) { c.metadata["kind"] = "cp"; }, "holds a 'cp'");
  expect_refused([](Content& c) { c.metadata["centre"] = "2"; }, "no centre 2");
  expect_refused([](Content& c) { c.metadata["centre"] = "one"; }, "is no number: 'one'");
  expect_refused([](Content& c) { c.metadata["log_scale"] = "nan"; }, "scale");
  expect_refused([](Content& c) { c.metadata["modes"] = "2,4"; }, "states modes 2,4");
  expect_refused([](Content& c) { c.metadata["ranks"] = "1,,"; }, "is no number: ''");
  expect_refused([](Content& c) { c.metadata["ranks"] = "2"; }, "states ranks 2");
  expect_refused([](Content& c) { c.metadata["dtype"] = "float32"; }, "states the dtype float32");
  expect_refused([](Content& c) { c.tensors.erase("core.0"); }, "lacks 'core.0'");
  expect_refused([](Content& c) { c.tensors["extra"] = at::ones({1}); }, "lacks 'core.2'");
  expect_refused([](Content& c) { c.tensors["core.1"] = at::ones({2, 3, 1}, at::kDouble); },
                 "left rank 2, not 1");
  expect_refused([](Content& c) { c.tensors["core.1"] = at::ones({1, 3, 1}, at::kDouble) * NAN; },
                 "NaN or infinite entries in 'core.1'");
  expect_refused([](Content& c) { c.tensors["core.1"] = at::ones({1, 0, 1}, at::kDouble); },
                 "has no entries");
  expect_refused([](Content& c) { c.metadata["dtype"] = "complex128"; }, "no complex128");
  const TemporaryFolder folder;
  expect_error([&] { read_train(folder / "none.safetensors"); }, "none.safetensors");
}

}  // namespace
}  // namespace ranklens::tn
