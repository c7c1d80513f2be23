#pragma once

#include <cstdint>
#include <filesystem>

#include "ranklens/data/dataset.h"

namespace ranklens::data {

/// CIFAR-10 in its binary layout (Krizhevsky 2009): data_batch_1.bin to data_batch_5.bin and
/// test_batch.bin, each of 10,000 records of a label byte and 3,072 bytes R, G, B of 32 × 32
/// pixels. `folder` holds them or a folder cifar-10-batches-bin that does. Names from
/// batches.meta.txt where it is there. Reads the first `limit` records (0: all).
/// Error for a missing file, another length, or a label above 9.
Dataset read_cifar10(const std::filesystem::path& folder, Split split, std::int64_t limit = 0);

/// CIFAR-100 in its binary layout: train.bin of 50,000 records and test.bin of 10,000, each of a
/// byte of one of twenty groups, which is passed over, one of 100 classes, and pixels as above.
/// `folder` holds them or a folder cifar-100-binary that does. Names from fine_label_names.txt; "0"
/// to "99" without it. Errors as above.
Dataset read_cifar100(const std::filesystem::path& folder, Split split, std::int64_t limit = 0);

}  // namespace ranklens::data
