#include "ranklens/data/cifar.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "ranklens/base/files.h"

#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::data {
namespace {

namespace fs = std::filesystem;
using testing::expect_error;
using testing::TemporaryFolder;

// 10,000 records: record i has the label i % 10 and byte j of its pixels is (i + j) % 251.
std::string batch(int shift = 0) {
  std::string bytes(30'730'000, '\0');
  for (int i = 0; i < 10'000; ++i) {
    char* record = bytes.data() + static_cast<std::ptrdiff_t>(i) * 3073;
    record[0] = static_cast<char>((i + shift) % 10);
    for (int j = 0; j < 3072; ++j) record[1 + j] = static_cast<char>((i + j + shift) % 251);
  }
  return bytes;
}

TEST(Cifar10, ReadsRecordsInOrder) {
  const TemporaryFolder folder;
  const fs::path inner = folder / "cifar-10-batches-bin";
  fs::create_directory(inner);
  base::write_file(inner / "data_batch_1.bin", batch());
  base::write_file(inner / "data_batch_2.bin", batch(3));
  for (int i = 3; i <= 5; ++i) {  // the same bytes again
    fs::create_hard_link(inner / "data_batch_1.bin",
                         inner / ("data_batch_" + std::to_string(i) + ".bin"));
  }
  const Dataset data = read_cifar10(folder.path(), Split::train, 10'003);
  EXPECT_EQ(data.images.sizes(), (std::vector<std::int64_t>{10'003, 3, 32, 32}));
  // Record 10,002 is record 2 of the second file; its green pixel at row 4, column 5.
  EXPECT_EQ(data.images[10'002][1][4][5].item<int>(), (2 + 1024 + 4 * 32 + 5 + 3) % 251);
  EXPECT_EQ(data.labels[10'002].item<int>(), 5);
  EXPECT_EQ(data.images[77][2][31][31].item<int>(), (77 + 3071) % 251);
  EXPECT_EQ(data.classes.at(6), "frog");
  // The inner folder itself serves as well; a test set is missing.
  EXPECT_EQ(read_cifar10(inner, Split::train, 1).size(), 1);
  expect_error([&] { read_cifar10(inner, Split::test); }, "test_batch.bin' does not exist");
}

TEST(Cifar10, NamesComeFromTheMetaFile) {
  const TemporaryFolder folder;
  base::write_file(folder / "test_batch.bin", batch());
  base::write_file(folder / "batches.meta.txt", "q\nr\ns\nt\nu\nv\nw\nx\ny\nz\n\n");
  EXPECT_EQ(read_cifar10(folder.path(), Split::test, 5).classes.at(9), "z");
}

// Record i is of the group i % 20 and the class i % 100.
TEST(Cifar100, IsReadByItsHundredClasses) {
  const TemporaryFolder folder;
  const fs::path inner = folder / "cifar-100-binary";
  fs::create_directory(inner);
  std::string bytes(30'740'000, '\0');
  for (int i = 0; i < 10'000; ++i) {
    char* record = bytes.data() + static_cast<std::ptrdiff_t>(i) * 3074;
    record[0] = static_cast<char>(i % 20);
    record[1] = static_cast<char>(i % 100);
    for (int j = 0; j < 3072; ++j) record[2 + j] = static_cast<char>((i + j) % 251);
  }
  base::write_file(inner / "test.bin", bytes);
  const Dataset data = read_cifar100(folder.path(), Split::test, 300);
  EXPECT_EQ(data.labels[277].item<int>(), 77);
  EXPECT_EQ(data.images[277][1][4][5].item<int>(), (277 + 1024 + 4 * 32 + 5) % 251);
  EXPECT_EQ(data.classes.size(), 100U);
  EXPECT_EQ(data.classes.at(77), "77");
  expect_error([&] { read_cifar100(folder.path(), Split::train); }, "train.bin' does not exist");
  base::write_file(inner / "train.bin", bytes);
  expect_error([&] { read_cifar100(folder.path(), Split::train); },
               "a CIFAR-100 file has 153700000");
  bytes[3074 * 7 + 1] = 100;
  base::write_file(inner / "test.bin", bytes);
  expect_error([&] { read_cifar100(folder.path(), Split::test); }, "the label of record 7 is 100");
}

TEST(Cifar10, DamagedFilesAreRefused) {
  const TemporaryFolder folder;
  const fs::path file = folder / "test_batch.bin";
  base::write_file(file, std::string(30'730'000 - 3073, '\0'));
  expect_error([&] { read_cifar10(folder.path(), Split::test); },
               "has 30726927 bytes; a CIFAR-10 file has 30730000");
  fs::resize_file(file, 30'730'001);
  expect_error([&] { read_cifar10(folder.path(), Split::test); }, "has 30730001 bytes");
  fs::resize_file(file, 30'730'000);
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(3073L * 4321) << '\x0a';
  expect_error([&] { read_cifar10(folder.path(), Split::test); },
               "the label of record 4321 is 10; it must lie in 0 to 9");
}

}  // namespace
}  // namespace ranklens::data
