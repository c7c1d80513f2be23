#include "ranklens/tn/train/container.h"

#include <fmt/format.h>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/tn/train/container_parts.h"

namespace ranklens::tn {
namespace {

constexpr const char* kConvention =
    "value = exp(log_scale) * core.0 core.1 ...; cores [r, n, r'] or [r, row, column, r']; "
    "row-major "
    "multi-indices, first mode slowest";

template <class Train>
base::Safetensors content_of(const Train& train) {
  check(train);
  base::Safetensors content;
  for (std::size_t k = 0; k < train.cores.size(); ++k) {
    content.tensors[fmt::format("core.{}", k)] = stored_tensor(train.cores[k]);
  }
  content.metadata = {{"format", kTrainFormat},
                      {"dtype", base::dtype_name(train.cores[0].scalar_type())},
                      {"ranks", list_text(ranks(train))},
                      {"centre", std::to_string(train.centre)},
                      {"log_scale", fmt::format("{:.17g}", train.log_scale)},
                      {"convention", kConvention}};
  return content;
}

}  // namespace

void write_train(const std::filesystem::path& path, const TensorTrain& train) {
  auto content = content_of(train);
  content.metadata["kind"] = "tensor_train";
  content.metadata["modes"] = list_text(shape(train));
  base::write_safetensors(path, content);
}

void write_train(const std::filesystem::path& path, const TTMatrix& matrix) {
  auto content = content_of(matrix);
  content.metadata["kind"] = "tt_matrix";
  content.metadata["rows"] = list_text(row_modes(matrix));
  content.metadata["columns"] = list_text(column_modes(matrix));
  base::write_safetensors(path, content);
}

StoredTrain train_in(const ContainerReader& reader) {
  reader.expect_format(kTrainFormat);
  std::vector<at::Tensor> cores;
  for (std::size_t k = 0; k < reader.content.tensors.size(); ++k) {
    cores.push_back(reader.tensor(fmt::format("core.{}", k)));
  }
  const auto centre = reader.whole("centre");
  const auto scale = reader.real("log_scale");
  StoredTrain stored;
  if (reader.text("kind") == "tt_matrix") {
    const TTMatrix matrix{std::move(cores), centre, scale};
    stored.train = fused(matrix);
    stored.rows = row_modes(matrix);
    stored.columns = column_modes(matrix);
    reader.expect_list("rows", *stored.rows);
    reader.expect_list("columns", *stored.columns);
  } else {
    base::require(reader.text("kind") == "tensor_train", "'{}' holds a '{}', no tensor train",
                  reader.file, reader.text("kind"));
    stored.train = {std::move(cores), centre, scale};
    check(stored.train);
    reader.expect_list("modes", shape(stored.train));
  }
  reader.expect_list("ranks", ranks(stored.train));
  reader.expect_dtype(stored.train.cores[0].scalar_type());
  return stored;
}

StoredTrain read_train(const std::filesystem::path& path) {
  const auto content = base::read_safetensors(path);
  return train_in({.content = content, .file = path.string()});
}

}  // namespace ranklens::tn
