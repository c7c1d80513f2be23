#include "ranklens/base/safetensors.h"

#include <cstring>

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
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

std::string file_of(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + data;
}

Safetensors parse_safetensors(const TemporaryFolder& folder, const std::string& bytes) {
  put_file(folder / "x.safetensors", bytes);
  return read_safetensors(folder / "x.safetensors");
}

TEST(Safetensors, ReadsAFileWrittenByHand) {
  const TemporaryFolder folder;
  const auto content = parse_safetensors(
      folder,
      file_of(R"({"__metadata__":{"k":"v"},"b":{"dtype":"I16","shape":[2],)"
              R"("data_offsets":[4,8]},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}  )",
              std::string("\x00\x00\x80\x3f\x01\x00\xff\xff", 8)));
  EXPECT_EQ(content.metadata, (std::map<std::string, std::string>{{"k", "v"}}));
  ASSERT_EQ(content.tensors.size(), 2U);
  EXPECT_EQ(content.tensors.at("a").item<float>(), 1.0F);
  EXPECT_TRUE(at::equal(content.tensors.at("b"), at::tensor({1, -1}, at::kShort)));
}

TEST(Safetensors, EveryTypeRoundTripsWithTheSameBytes) {
  const TemporaryFolder folder;
  Safetensors content;
  for (const auto type : {at::kBool, at::kByte, at::kChar, at::kFloat8_e5m2, at::kFloat8_e4m3fn,
                          at::kFloat8_e8m0fnu, at::kFloat8_e4m3fnuz, at::kFloat8_e5m2fnuz,
                          at::kShort, at::kUInt16, at::kHalf, at::kBFloat16, at::kInt, at::kUInt32,
                          at::kFloat, at::kComplexFloat, at::kDouble, at::kLong, at::kUInt64}) {
    content.tensors[c10::toString(type)] = at::tensor({1.0, 2.0, 4.0}).to(type);
  }
  content.tensors["empty"] = at::zeros({0, 3});
  content.tensors["view"] = at::arange(6).view({2, 3}).t();
  content.metadata = {{"z", "\"quoted\" \n \xc3\xa9"}, {"a", ""}};
  write_safetensors(folder / "x", content);
  const auto read = read_safetensors(folder / "x");
  EXPECT_EQ(read.metadata, content.metadata);
  ASSERT_EQ(read.tensors.size(), content.tensors.size());
  for (const auto& [name, tensor] : content.tensors) {
    const auto& other = read.tensors.at(name);
    EXPECT_EQ(other.scalar_type(), tensor.scalar_type());
    EXPECT_EQ(other.sizes(), tensor.sizes());
    const auto bytes = tensor.contiguous();
    EXPECT_EQ(std::memcmp(other.const_data_ptr(), bytes.const_data_ptr(), bytes.nbytes()), 0)
        << name;
  }
  write_safetensors(folder / "y", read);
  EXPECT_EQ(read_file(folder / "x"), read_file(folder / "y"));
}

TEST(Safetensors, DataBeginAtAMultipleOfEight) {
  const TemporaryFolder folder;
  for (const std::string name : {"a", "ab", "abc", "abcd", "abcde"}) {
    write_safetensors(folder / "x", {.tensors = {{name, at::zeros({1})}}, .metadata = {}});
    std::uint64_t length = 0;
    InputFile(folder / "x").read(0, &length, 8);
    EXPECT_EQ(length % 8, 0U);
    EXPECT_EQ(read_file(folder / "x").size(), 8 + length + 4);
  }
}

TEST(Safetensors, RefusesToWriteWhatTheFormatLacks) {
  const TemporaryFolder folder;
  expect_error(
      [&] {
        write_safetensors(folder / "x",
                          {.tensors = {{"z", at::zeros({1}, at::kComplexDouble)}}, .metadata = {}});
      },
      "no type for complex128 ('z')");
  expect_error(
      [&] {
        write_safetensors(folder / "x", {.tensors = {{"\xff", at::zeros({1})}}, .metadata = {}});
      },
      "not UTF-8");
  EXPECT_FALSE(std::filesystem::exists(folder / "x"));
}

TEST(Safetensors, RefusesDamagedFiles) {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::string& bytes, const std::string& why) {
    expect_error([&] { parse_safetensors(folder, bytes); }, why);
  };
  const auto one = [](const std::string& type, const std::string& shape, const std::string& range) {
    return R"({"a":{"dtype":)" + type + R"(,"shape":)" + shape + R"(,"data_offsets":)" + range +
           "}}";
  };
  const std::string four(4, '\0');
  EXPECT_NO_THROW(parse_safetensors(folder, file_of(one("\"F32\"", "[1]", "[0,4]"), four)));
  refuse("", "only 0 bytes");
  refuse("\xff\xff\xff\xff\xff\xff\xff\xff{}", "claims 18446744073709551615 bytes");
  refuse(file_of("{}", "").substr(0, 9), "cut off");
  refuse(file_of("[]", ""), "no JSON object");
  refuse(file_of("{", ""), "no valid JSON");
  refuse(file_of(one("\"F32\"", "[1]", "[0,4]"), four.substr(1)), "cut off");
  refuse(file_of(one("\"F32\"", "[1]", "[0,4]"), four + "x"), "1 bytes after its last tensor");
  refuse(file_of(one("\"F32\"", "[2]", "[0,4]"), four), "of shape (2) has 4 bytes");
  refuse(file_of(one("\"F32\"", "[2305843009213693952,4]", "[0,4]"), four), "has 4 bytes");
  refuse(file_of(one("\"F32\"", "[1]", "[4,8]"), four + four), "unused bytes before tensor 'a'");
  refuse(file_of(one("\"F32\"", "[1]", "[4,0]"), four), "unused bytes");
  refuse(file_of(one("\"F32\"", "[0]", "[0,18446744073709551615]"), ""), "malformed data_offsets");
  refuse(file_of(one("\"F32\"", "[-1]", "[0,4]"), four), "malformed shape");
  refuse(file_of(one("\"F31\"", "[1]", "[0,4]"), four), "unknown type 'F31'");
  refuse(file_of(one("3", "[1]", "[0,4]"), four), "no text");
  refuse(file_of(R"({"a":3})", ""), "not described by");
  refuse(file_of(R"({"__metadata__":{"a":3}})", ""), "not all text");
  const std::string entry = R"("a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]})";
  refuse(file_of("{" + entry + "," + entry + "}", four), "the key 'a' twice");
  refuse(file_of("{" + entry + R"(,"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
                 four + "xx"),
         "tensor 'b' overlaps");
}

}  // namespace
}  // namespace ranklens::base
