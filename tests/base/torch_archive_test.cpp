#include "ranklens/base/torch_archive.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/base/files.h"
#include "ranklens/base/gzip.h"
#include "ranklens/base/zip.h"

#include "testing/base64.h"
#include "testing/expect_error.h"
#include "testing/put_file.h"
#include "testing/temporary_folder.h"
#include "testing/torch_files.h"

namespace ranklens::base {
namespace {

using testing::decode_base64;
using testing::expect_error;
using testing::put_file;
using testing::TemporaryFolder;

std::string unpack(const TemporaryFolder& folder, std::string_view base64) {
  put_file(folder / "gz", decode_base64(base64));
  return read_gz(folder / "gz", 1 << 20);
}

std::map<std::string, at::Tensor> parse_archive(const TemporaryFolder& folder,
                                                const std::string& bytes) {
  put_file(folder / "x.pth", bytes);
  return read_state_dict(folder / "x.pth");
}

void expect_contents(const std::map<std::string, at::Tensor>& read) {
  EXPECT_EQ(read.size(), 17U);
  EXPECT_TRUE(at::equal(read.at("weight"), at::tensor({1.0F, 1.0F})));
  EXPECT_TRUE(at::equal(read.at("running_var"), at::tensor({1.0F, 1.0F})));
  EXPECT_EQ(read.at("num_batches_tracked").dim(), 0);
  EXPECT_EQ(read.at("num_batches_tracked").scalar_type(), at::kLong);
  const auto base = at::arange(6, at::kFloat).view({2, 3});
  EXPECT_TRUE(at::equal(read.at("base"), base));
  EXPECT_TRUE(at::equal(read.at("view"), base.t().slice(0, 1)));
  EXPECT_TRUE(read.at("view").is_alias_of(read.at("base")));
  EXPECT_TRUE(at::equal(read.at("param"), at::tensor({1.5F, -2.0F})));
  EXPECT_FALSE(read.at("param").requires_grad());
  EXPECT_TRUE(at::equal(read.at("half"), at::tensor({0.5F, 2.0F}).to(at::kHalf)));
  EXPECT_TRUE(at::equal(read.at("bf16"), at::tensor({3.0F, -1.0F}).to(at::kBFloat16)));
  EXPECT_TRUE(at::equal(read.at("bool"), at::tensor({1, 0, 1}).to(at::kBool)));
  EXPECT_EQ(read.at("u8").item().toLong(), 250);
  EXPECT_EQ(read.at("f8").scalar_type(), at::kFloat8_e4m3fn);
  EXPECT_TRUE(at::equal(read.at("f8").to(at::kFloat), at::tensor({1.0F, 2.0F})));
  EXPECT_EQ(read.at("u16").scalar_type(), at::kUInt16);
  EXPECT_EQ(read.at("u16").to(at::kInt).item().toLong(), 65535);
  EXPECT_EQ(read.at("c64").item().toComplexDouble(), (c10::complex<double>(1, 2)));
  EXPECT_EQ(read.at("empty").sizes().vec(), (std::vector<std::int64_t>{0, 3}));
  EXPECT_EQ(read.at("f64").item().toDouble(), 0.1);
}

TEST(ReadStateDict, BothFormatsOfPyTorch) {
  const TemporaryFolder folder;
  expect_contents(parse_archive(folder, unpack(folder, testing::kZip)));
  expect_contents(parse_archive(folder, unpack(folder, testing::kJoined)));
}

TEST(ReadStateDict, RefusesEverythingButTensors) {
  const TemporaryFolder folder;
  const auto refuse = [&](std::string_view file, const std::string& why) {
    const auto bytes = unpack(folder, file);
    expect_error([&] { parse_archive(folder, bytes); }, why);
  };
  refuse(testing::kEvil, "refers to posix.system, which is no part of a file of tensors");
  refuse(testing::kModule, "refers to torch.nn.modules.linear.Linear");
  refuse(testing::kScript, "is a TorchScript program");
  expect_error([&] { parse_archive(folder, ""); }, "is no file of torch.save");
  expect_error([&] { parse_archive(folder, "hello"); }, "is no file of torch.save");
  expect_error([&] { parse_archive(folder, "\x80\x02K\x01."); }, "is no file of torch.save");
}

TEST(ReadStateDict, EveryCutIsNoticed) {
  const TemporaryFolder folder;
  for (const auto file : {testing::kZip, testing::kJoined}) {
    const auto bytes = unpack(folder, file);
    for (std::size_t size = 0; size < bytes.size(); size += 11) {
      EXPECT_THROW(parse_archive(folder, bytes.substr(0, size)), Error) << size;
    }
  }
}

TEST(ReadStateDict, ChangedBytesNeverCrash) {
  const TemporaryFolder folder;
  unsigned random = 7;
  const auto next = [&] { return (random = random * 1664525U + 1013904223U) >> 8U; };
  for (const auto file : {testing::kZip, testing::kJoined}) {
    const auto original = unpack(folder, file);
    // In both formats the pickle, where most can go wrong, lies near the start.
    for (int trial = 0; trial < 300; ++trial) {
      auto bytes = original;
      const auto range = trial % 2 == 0 ? std::min<std::size_t>(bytes.size(), 1500) : bytes.size();
      bytes[next() % range] = static_cast<char>(next());
      try {
        for (const auto& [name, tensor] : parse_archive(folder, bytes)) tensor.contiguous();
      } catch (const Error& error) {
        EXPECT_STRNE(error.what(), "");
      }
    }
  }
}

// A zip archive around a pickle written by hand, with one storage of 16 bytes.
std::map<std::string, at::Tensor> parse_pickle(const TemporaryFolder& folder,
                                               const std::string& pickle) {
  {
    ZipWriter zip(folder / "hand.pth");
    zip.add("a/data.pkl", "\x80\x02" + pickle + ".");
    zip.add("a/data/0", std::string(16, '\1'));
    zip.commit();
  }
  return read_state_dict(folder / "hand.pth");
}

// Protocol 2 for {"w": _rebuild_tensor_v2(storage of `count` floats, offset, size, stride)}.
std::string tensor_pickle(const std::string& offset, const std::string& size,
                          const std::string& stride, const std::string& count = "K\4") {
  using namespace std::string_literals;
  return "}X\1\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nFloatStorage\n"
         "X\1\0\0\0"
         "0X\3\0\0\0cpu"s +
         count + "tQ" + offset + size + stride + "\x89}tRs";
}

TEST(ReadStateDict, ViewsStayInsideTheirStorage) {
  const TemporaryFolder folder;
  const auto read = parse_pickle(folder, tensor_pickle("K\1", "K\3\x85", "K\1\x85")).at("w");
  EXPECT_EQ(read.numel(), 3);
  const auto refuse = [&](const std::string& pickle, const std::string& why) {
    expect_error([&] { parse_pickle(folder, pickle); }, why);
  };
  const std::string huge("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f", 10);
  refuse(tensor_pickle("K\2", "K\3\x85", "K\1\x85"), "outside its storage");
  refuse(tensor_pickle(std::string("K\0", 2), "K\2K\2\x86", "K\3K\1\x86"), "damaged");
  refuse(tensor_pickle("K\1", "K\2\x85", huge + "\x85"), "outside its storage");
  refuse(tensor_pickle("K\1", huge + huge + "\x86", "K\1K\1\x86"), "malformed shape");
  refuse(tensor_pickle("K\1", "J\xff\xff\xff\xff\x85", "K\1\x85"), "malformed shape");
  refuse(tensor_pickle("J\xff\xff\xff\xff", "K\1\x85", "K\1\x85"), "malformed shape");
  refuse(tensor_pickle(huge, "K\1\x85", "K\1\x85"), "outside its storage");
  refuse(tensor_pickle("K\1", "K\1\x85", "K\1K\1\x86"), "malformed shape");
  refuse(tensor_pickle("K\1", "K\3\x85", "K\1\x85", "K\5"), "another size");
  refuse(tensor_pickle("K\1", "K\3\x85", "K\1\x85", huge), "impossible size");
  // A stride of zero may repeat values, but not without end.
  const std::string zero("K\0\x85", 3);
  EXPECT_EQ(parse_pickle(folder, tensor_pickle("K\1", "M\xff\xff\x85", zero)).at("w").numel(),
            65535);
  refuse(tensor_pickle("K\1", "J\xff\xff\xff\x7f\x85", zero), "repeats its storage");
}

TEST(ReadStateDict, StackAndMemoAreChecked) {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::string& pickle, const std::string& why) {
    expect_error([&] { parse_pickle(folder, pickle); }, why);
  };
  refuse("", "nothing on its stack");
  for (const std::string code : {"0", "1", "2", "a", "e", "s", "u", "t", "R", "b", "Q", "q\1",
                                 "h\1", "\x85", "\x87", "\x93", "d"}) {
    refuse(code, "is damaged");
  }
  refuse("(", "nothing on its stack");
  refuse("K\1(\x85", "nothing on its stack");  // must not reach below the mark
  refuse("}K\1a", "adds items to something that has none");
  refuse("}(K\1u", "a key without a value");
  refuse("K\1)R", "malformed call");
  refuse("ccollections\nOrderedDict\n)\x81", "pickle instruction 0x81");
  refuse("cbuiltins\neval\n", "builtins.eval");
  refuse("(lK\1b", "an object of a class");
  refuse("X\xff\xff\xff\xff", "ends early");
  refuse("K\1", "no dictionary from names to tensors");
  refuse(std::string("}X\1\0\0\0aK\1s", 10), "no dictionary");
  EXPECT_TRUE(parse_pickle(folder, "}").empty());
  // Nesting costs no recursion.
  refuse(std::string(300'000, ']') + std::string(299'999, 'a'), "no dictionary");
}

TEST(WriteStateDict, RoundTripsAndKeepsTies) {
  const TemporaryFolder folder;
  const auto tensors = parse_archive(folder, unpack(folder, testing::kZip));
  write_state_dict(folder / "y.pth", tensors);
  const auto again = read_state_dict(folder / "y.pth");
  ASSERT_EQ(again.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    EXPECT_EQ(again.at(name).scalar_type(), tensor.scalar_type());
    EXPECT_TRUE(at::equal(again.at(name).to(at::kComplexDouble), tensor.to(at::kComplexDouble)));
  }
  const auto tied = at::zeros({3});
  write_state_dict(folder / "y.pth", {{"a", tied}, {"b", tied}, {"c", at::zeros({3})}});
  const auto read = read_state_dict(folder / "y.pth");
  EXPECT_TRUE(read.at("a").is_alias_of(read.at("b")));
  EXPECT_FALSE(read.at("a").is_alias_of(read.at("c")));
}

}  // namespace
}  // namespace ranklens::base
