#include "ranklens/base/zip.h"

#include <gtest/gtest.h>

#include "testing/base64.h"
#include "testing/expect_error.h"
#include "testing/put_file.h"
#include "testing/temporary_folder.h"

namespace ranklens::base {
namespace {

using testing::decode_base64;
using testing::expect_error;
using testing::put_file;
using testing::TemporaryFolder;

// Written by Python's zipfile: "a.txt" stored ("hello"), "b/c.txt" deflated (100 times "xyz"), and
// the archive's comment "note".
constexpr std::string_view kPythonZip =
    "UEsDBBQAAAAAAAAAIQCGphA2BQAAAAUAAAAFAAAAYS50eHRoZWxsb1BLAwQUAAAACAAAACEAk9AxfQkAAAAsAQAA"
    "BwAAAGIvYy50eHSrqKyqGEXEIQBQSwECFAMUAAAAAAAAACEAhqYQNgUAAAAFAAAABQAAAAAAAAAAAAAAgAEAAAAA"
    "YS50eHRQSwECFAMUAAAACAAAACEAk9AxfQkAAAAsAQAABwAAAAAAAAAAAAAAgAEoAAAAYi9jLnR4dFBLBQYAAAAA"
    "AgACAGgAAABWAAAABABub3Rl";

TEST(Crc32, CheckValue) { EXPECT_EQ(crc32_of("123456789"), 0xcbf43926U); }

TEST(ZipReader, StoredDeflatedAndCommented) {
  const TemporaryFolder folder;
  put_file(folder / "x.zip", decode_base64(kPythonZip));
  const ZipReader zip(folder / "x.zip");
  ASSERT_EQ(zip.entries().size(), 2U);
  EXPECT_EQ(zip.read(*zip.find("a.txt"), 100), "hello");
  std::string expected;
  for (int i = 0; i < 100; ++i) expected += "xyz";
  EXPECT_TRUE(zip.find("b/c.txt")->deflated);
  EXPECT_EQ(zip.read(*zip.find("b/c.txt"), 300), expected);
  std::string direct(300, '\0');
  zip.read_into(*zip.find("b/c.txt"), direct.data());
  EXPECT_EQ(direct, expected);
  EXPECT_EQ(zip.find("none"), nullptr);
  expect_error([&] { zip.read(*zip.find("b/c.txt"), 299); }, "has 300 bytes, more than 299");
}

TEST(ZipWriter, AlignedAndDeterministic) {
  const TemporaryFolder folder;
  for (const auto* name : {"x.zip", "y.zip"}) {
    ZipWriter zip(folder / name, 64);
    zip.add("one", "1");
    zip.add("folder/two", std::string(1000, '2'));
    zip.add("empty", "");
    zip.commit();
  }
  const auto bytes = read_file(folder / "x.zip");
  EXPECT_EQ(bytes, read_file(folder / "y.zip"));
  EXPECT_EQ(bytes.find(std::string(1000, '2')) % 64, 0U);
  const ZipReader zip(folder / "x.zip");
  EXPECT_EQ(zip.read(*zip.find("one"), 1), "1");
  EXPECT_EQ(zip.read(*zip.find("folder/two"), 1000), std::string(1000, '2'));
  EXPECT_EQ(zip.read(*zip.find("empty"), 0), "");
}

TEST(ZipReader, RefusesDamage) {
  const TemporaryFolder folder;
  const auto good = decode_base64(kPythonZip);
  const auto refuse = [&](const std::string& bytes, const std::string& why) {
    expect_error(
        [&] {
          put_file(folder / "x.zip", bytes);
          const ZipReader zip(folder / "x.zip");
          for (const auto& [name, entry] : zip.entries()) zip.read(entry, 1000);
        },
        why);
  };
  refuse("", "only 0 bytes");
  refuse(std::string(1000, 'x'), "no directory");
  for (std::size_t size = 0; size < good.size(); ++size) refuse(good.substr(0, size), "x.zip'");
  auto bytes = good;
  bytes[bytes.find("hello")] = 'H';
  refuse(bytes, "check sum is wrong");
  const auto entry = good.find("PK\1\2");
  bytes = good;
  bytes[entry + 8] = 1;
  refuse(bytes, "encrypted");
  bytes = good;
  bytes[entry + 10] = 12;
  refuse(bytes, "packed by method 12");
  bytes = good;
  bytes.replace(entry + 20, 8, "\xff\xff\xff\x7f\xff\xff\xff\x7f");
  refuse(bytes, "overlapping");
  bytes = good;
  bytes[entry + 42] = 3;
  refuse(bytes, "has no header");
}

}  // namespace
}  // namespace ranklens::base
