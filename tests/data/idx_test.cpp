#include "ranklens/data/idx.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <sys/resource.h>

#include <gtest/gtest.h>
#include <zlib.h>

#include "ranklens/base/files.h"

#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::data {
namespace {

using testing::expect_error;
using testing::TemporaryFolder;

std::string word(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16 & 255),
          static_cast<char>(value >> 8 & 255), static_cast<char>(value & 255)};
}

std::string idx(const std::vector<std::uint32_t>& sizes, const std::string& values) {
  std::string bytes{'\0', '\0', '\x08', static_cast<char>(sizes.size())};
  for (const auto size : sizes) bytes += word(size);
  return bytes + values;
}

void write_gz(const std::filesystem::path& path, const std::string& bytes) {
  const gzFile file = gzopen(path.c_str(), "wb");
  ASSERT_EQ(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())),
            static_cast<int>(bytes.size()));
  gzclose(file);
}

TEST(Idx, ReadsPlainAndPacked) {
  const TemporaryFolder folder;
  const std::string bytes = idx({2, 1, 3}, "abcdef");
  base::write_file(folder / "plain", bytes);
  write_gz(folder / "packed", bytes);
  for (const char* name : {"plain", "packed"}) {
    const at::Tensor values = read_idx(folder / name);
    EXPECT_EQ(values.sizes(), (std::vector<std::int64_t>{2, 1, 3}));
    EXPECT_EQ(values[1][0][2].item<int>(), 'f');
  }
}

TEST(Idx, DamagedFilesAreRefused) {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::string& bytes, const std::string& part) {
    base::write_file(folder / "x", bytes);
    expect_error([&] { read_idx(folder / "x"); }, part);
  };
  refuse(idx({2, 3}, "abcde"), "promises values of shape [2, 3] and holds 5 of them");
  refuse(idx({2, 3}, "abcdefg"), "promises values of shape [2, 3] and holds more of them");
  refuse(idx({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, "a"), "promises values of shape");
  refuse(std::string("\0\0\x08", 3), "is no idx file");
  refuse(std::string("\0\0\x08\x02\0\0", 6), "is cut off in its header");
  refuse(std::string("\0\0\x0D\x01\0\0\0\x01xxxx", 12), "type 0x0D");
  refuse("PNG and so on", "is no idx file");
  write_gz(folder / "y", idx({1}, "a"));
  std::string packed = base::read_file(folder / "y");
  base::write_file(folder / "y", packed.substr(0, packed.size() - 9));
  EXPECT_THROW(read_idx(folder / "y"), base::Error);
}

TEST(Idx, APackedFileOfAnotherLengthIsRefusedWithoutUnpackingIt) {
  const TemporaryFolder folder;
  const auto kilobytes = [] {  // the most that this process ever held
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  const auto bomb = idx({2, 3}, "abcdef");
  const std::string zeros(1 << 20, '\0');
  const gzFile file = gzopen((folder / "bomb").c_str(), "wb1");
  gzwrite(file, bomb.data(), static_cast<unsigned>(bomb.size()));
  for (int k = 0; k < 200; ++k) gzwrite(file, zeros.data(), 1 << 20);
  gzclose(file);
  std::ofstream("/proc/self/clear_refs") << 5;  // what other tests held
  const auto before = kilobytes();
  expect_error([&] { read_idx(folder / "bomb"); },
               "promises values of shape [2, 3] and holds more of them");
  EXPECT_LT(kilobytes() - before, 50'000);
  write_gz(folder / "short", idx({0x01000000, 16}, "abc"));
  expect_error([&] { read_idx(folder / "short"); }, "and holds 3 of them");
}

TEST(Mnist, LabelsBeyondTheClassesAreRefused) {
  const TemporaryFolder folder;
  base::write_file(folder / "t10k-images-idx3-ubyte", idx({2, 1, 1}, "ab"));
  base::write_file(folder / "t10k-labels-idx1-ubyte", idx({2}, "\x09M"));
  expect_error([&] { read_mnist(folder.path(), Split::test); },
               "gives item 1 the label 77; the classes of mnist: are 0 to 9");
}

TEST(Mnist, PairsImagesWithLabels) {
  const TemporaryFolder folder;
  write_gz(folder / "train-images-idx3-ubyte.gz", idx({2, 2, 2}, "abcdefgh"));
  base::write_file(folder / "train-labels-idx1-ubyte", idx({2}, std::string("\x03\x09", 2)));
  const Dataset data = read_mnist(folder.path(), Split::train);
  EXPECT_EQ(data.images.sizes(), (std::vector<std::int64_t>{2, 1, 2, 2}));
  EXPECT_EQ(data.labels[1].item<int>(), 9);
  EXPECT_EQ(data.classes.size(), 10U);
  expect_error([&] { read_mnist(folder.path(), Split::test); },
               "t10k-images-idx3-ubyte' does not exist");
  base::write_file(folder / "train-labels-idx1-ubyte", idx({3}, "\x01\x02\x03"));
  expect_error([&] { read_mnist(folder.path(), Split::train); },
               "labels of shape [3] for 2 images");
}

}  // namespace
}  // namespace ranklens::data
