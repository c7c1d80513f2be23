#include "ranklens/base/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "ranklens/base/files.h"

#include "testing/expect_error.h"
#include "testing/put_file.h"
#include "testing/temporary_folder.h"

namespace ranklens::base {
namespace {

using testing::expect_error;
using testing::put_file;
using testing::TemporaryFolder;

std::string pack(const std::string& bytes, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string gzip(const std::string& bytes) { return pack(bytes, 15 + 16); }
std::string deflate_raw(const std::string& bytes) { return pack(bytes, -15); }

std::string read(const TemporaryFolder& folder, const std::string& bytes, std::size_t most) {
  put_file(folder / "x", bytes);
  return read_gz(folder / "x", most);
}

TEST(ReadGz, PlainPackedAndJoined) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i * i % 977);
  EXPECT_EQ(read(folder, text, text.size()), text);
  EXPECT_EQ(read(folder, gzip(text), text.size()), text);
  EXPECT_EQ(read(folder, gzip(text) + gzip("tail"), text.size() + 4), text + "tail");
  EXPECT_EQ(read(folder, gzip("x") + std::string(512, '\0'), 1), "x");
  EXPECT_EQ(read(folder, gzip(""), 0), "");
}

TEST(ReadGz, RefusesBombsCutsAndGarbage) {
  const TemporaryFolder folder;
  const std::string zeros(2'000'000, '\0');
  expect_error([&] { read(folder, gzip(zeros), 1'000'000); }, "unpacks to more than 1000000 bytes");
  expect_error([&] { read(folder, "abc", 2); }, "has 3 bytes, more than 2");
  const auto packed = gzip("some text that is not very long");
  for (std::size_t size = 2; size < packed.size(); ++size) {
    expect_error([&] { read(folder, packed.substr(0, size), 100); }, "is cut off");
  }
  auto damaged = packed;
  damaged[15] = static_cast<char>(damaged[15] ^ 0x40);
  expect_error([&] { read(folder, damaged, 100); }, "");
  auto wrong_sum = packed;
  wrong_sum[packed.size() - 8] = static_cast<char>(wrong_sum[packed.size() - 8] ^ 1);
  expect_error([&] { read(folder, wrong_sum, 100); }, "is damaged");
  expect_error([&] { read(folder, packed + "rest", 100); }, "holds 4 bytes after");
}

TEST(ReadGz, TheStartTakesNoMoreThanItNeeds) {
  const TemporaryFolder folder;
  const std::string zeros(2'000'000, '\0');
  put_file(folder / "x", gzip("head" + zeros));
  EXPECT_EQ(read_gz_start(folder / "x", 4), "head");
  put_file(folder / "x", "head and more");
  EXPECT_EQ(read_gz_start(folder / "x", 4), "head");
  EXPECT_EQ(read_gz_start(folder / "x", 100), "head and more");
  put_file(folder / "x", gzip("head"));
  EXPECT_EQ(read_gz_start(folder / "x", 100), "head");
  put_file(folder / "x", gzip("head").substr(0, 12));
  expect_error([&] { read_gz_start(folder / "x", 4); }, "is cut off");
}

TEST(ReadGz, WithinIsNothingForMore) {
  const TemporaryFolder folder;
  for (const std::string& bytes : {std::string("abcd"), gzip("abcd")}) {
    put_file(folder / "x", bytes);
    EXPECT_EQ(read_gz_within(folder / "x", 4), "abcd");
    EXPECT_EQ(read_gz_within(folder / "x", 3), std::nullopt);
  }
}

TEST(InflateRaw, ExactSizeOnly) {
  const std::string text(1000, 'a');
  const auto packed = deflate_raw(text);
  EXPECT_EQ(inflate_raw(packed, 1000, "'x'"), text);
  expect_error([&] { inflate_raw(packed, 999, "'x'"); }, "does not unpack to 999 bytes");
  expect_error([&] { inflate_raw(packed, 1001, "'x'"); }, "does not unpack to 1001 bytes");
  expect_error([&] { inflate_raw(packed, std::size_t{1} << 40U, "'x'"); }, "cannot unpack to");
  expect_error([&] { inflate_raw(packed.substr(0, 5), 1000, "'x'"); }, "cut off");
  EXPECT_EQ(inflate_raw(deflate_raw(""), 0, "'x'"), "");
}

}  // namespace
}  // namespace ranklens::base
