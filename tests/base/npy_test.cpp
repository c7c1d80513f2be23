#include "ranklens/base/npy.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/complex.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/base/files.h"

#include "testing/expect_error.h"
#include "testing/put_file.h"
#include "testing/temporary_folder.h"

namespace ranklens::base {
namespace {

using testing::expect_error;
using testing::put_file;
using testing::TemporaryFolder;

// A file as NumPy would write it, header by hand.
std::string npy_bytes(const std::string& header, const std::string& data, char version = 1) {
  const std::string line = header + "\n";
  std::string bytes = "\x93NUMPY";
  bytes +=
      {version, '\0', static_cast<char>(line.size() & 255U), static_cast<char>(line.size() >> 8U)};
  if (version > 1) bytes += {'\0', '\0'};
  return bytes + line + data;
}

at::Tensor parse_npy(const TemporaryFolder& folder, const std::string& bytes) {
  put_file(folder / "x.npy", bytes);
  return read_npy(folder / "x.npy");
}

TEST(ReadNpy, ByteOrdersAndVersions) {
  const TemporaryFolder folder;
  const auto expected = at::tensor({1.0F, -2.0F});
  const std::string little("\x00\x00\x80\x3f\x00\x00\x00\xc0", 8);
  const std::string big("\x3f\x80\x00\x00\xc0\x00\x00\x00", 8);
  const std::string shape = "'fortran_order': False, 'shape': (2,), }";
  for (const char version : {'\1', '\2', '\3'}) {
    EXPECT_TRUE(at::equal(
        parse_npy(folder, npy_bytes("{'descr': '<f4', " + shape, little, version)), expected));
  }
  EXPECT_TRUE(at::equal(parse_npy(folder, npy_bytes("{'descr': '>f4', " + shape, big)), expected));
}

TEST(ReadNpy, FortranOrderAndPython2Sizes) {
  const TemporaryFolder folder;
  const auto read = parse_npy(
      folder,
      npy_bytes("{'descr': '|u1', 'fortran_order': True, 'shape': (2L, 3L)}", "\1\4\2\5\3\6"));
  EXPECT_TRUE(read.is_contiguous());
  EXPECT_TRUE(at::equal(read, at::arange(1, 7, at::kByte).view({2, 3})));
}

TEST(ReadNpy, BoolsAreZeroOrOne) {
  const TemporaryFolder folder;
  const auto read = parse_npy(
      folder,
      npy_bytes("{'descr':'|b1','fortran_order':False,'shape':(2,)}", std::string("\7\0", 2)));
  EXPECT_EQ(read.sum().item<std::int64_t>(), 1);
  EXPECT_EQ(*static_cast<const unsigned char*>(read.const_data_ptr()), 1);
}

TEST(WriteNpy, RoundTripsEveryType) {
  const TemporaryFolder folder;
  const auto base = at::arange(6, at::kDouble).view({2, 3});
  for (const auto type :
       {at::kBool, at::kChar, at::kByte, at::kShort, at::kUInt16, at::kInt, at::kUInt32, at::kLong,
        at::kUInt64, at::kHalf, at::kFloat, at::kDouble, at::kComplexFloat, at::kComplexDouble}) {
    const auto values = base.to(type);
    write_npy(folder / "x.npy", values);
    const auto read = read_npy(folder / "x.npy");
    EXPECT_EQ(read.scalar_type(), type);
    EXPECT_TRUE(at::equal(read.to(at::kComplexDouble), values.to(at::kComplexDouble)));
  }
}

TEST(WriteNpy, ScalarsEmptyViewsAndConjugates) {
  const TemporaryFolder folder;
  const auto round_trip = [&](const at::Tensor& tensor) {
    write_npy(folder / "x.npy", tensor);
    return read_npy(folder / "x.npy");
  };
  EXPECT_EQ(round_trip(at::tensor({7.0}).squeeze()).dim(), 0);
  EXPECT_EQ(round_trip(at::zeros({0, 4})).sizes().vec(), (std::vector<std::int64_t>{0, 4}));
  const auto view = at::arange(12).view({3, 4}).t();
  EXPECT_TRUE(at::equal(round_trip(view), view));
  const auto z = at::complex(at::arange(3, at::kFloat), at::arange(3, at::kFloat)).conj();
  EXPECT_TRUE(at::equal(round_trip(z), z.resolve_conj()));
  const auto brain = at::arange(3, at::kFloat).to(at::kBFloat16);
  EXPECT_TRUE(at::equal(round_trip(brain), brain.to(at::kFloat)));
}

TEST(WriteNpy, HeaderIsNumpysOwn) {
  const TemporaryFolder folder;
  write_npy(folder / "x.npy", at::arange(2, at::kInt));
  const auto bytes = read_file(folder / "x.npy");
  EXPECT_EQ(bytes.size(), 128U + 8U);
  EXPECT_EQ(bytes.substr(10, 57), "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }");
  EXPECT_EQ(bytes[127], '\n');
}

TEST(ReadNpy, RefusesWhatIsNoArray) {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::string& bytes, const std::string& why) {
    expect_error([&] { parse_npy(folder, bytes); }, why);
  };
  const std::string four(4, '\0');
  const auto header = [](const std::string& type, const std::string& shape) {
    return "{'descr': " + type + ", 'fortran_order': False, 'shape': " + shape + ", }";
  };
  refuse("", "it has only 0 bytes");
  refuse("PK\3\4 and some more", "does not begin with NUMPY");
  refuse(npy_bytes(header("'<f4'", "(2,)"), four), "cut off");
  refuse(npy_bytes(header("'<f4'", "(1000000000000, 1000000)"), four), "cut off");
  refuse(npy_bytes(header("'<f4'", "(4611686018427387904, 4611686018427387904, 0)"), four),
         "cut off");
  refuse(npy_bytes(header("'<f4'", "(1,)"), four + "x"), "1 bytes more");
  refuse(npy_bytes(header("'|O'", "(1,)"), four), "type '|O'");
  refuse(npy_bytes(header("''", "(1,)"), four), "type ''");
  refuse(npy_bytes(header("[('a', '<f4')]", "(1,)"), four), "records");
  refuse(npy_bytes(header("'<f4'", "(-1,)"), four), "malformed");
  refuse(npy_bytes("{'descr': '<f4', 'shape': (1,)}", four), "malformed");
  refuse(npy_bytes("{'descr': '<f4", four), "malformed");
  refuse(npy_bytes(header("'<f4'", "(1,)") + "x", four), "malformed");
  refuse(npy_bytes(header("'<f4'", "(1,)"), four, 9), "version 9");
  refuse(std::string("\x93NUMPY\1\0\xff\xff{", 11), "claims 65535 bytes");
}

}  // namespace
}  // namespace ranklens::base
