#include "ranklens/tn/train/container_parts.h"

#include <cmath>

#include <ATen/ops/view_as_complex.h>
#include <ATen/ops/view_as_real.h>
#include <fmt/ranges.h>

#include "ranklens/base/dtype.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn {

std::string list_text(const Shape& numbers) { return fmt::format("{}", fmt::join(numbers, ",")); }

at::Tensor stored_tensor(const at::Tensor& tensor) {
  auto value = tensor.detach().resolve_conj();
  if (value.scalar_type() == at::kComplexDouble) value = at::view_as_real(value);
  return value.contiguous();
}

const std::string& ContainerReader::text(const std::string& key) const {
  const auto found = content.metadata.find(key);
  base::require(found != content.metadata.end(), "'{}' is no {}: it has no metadata '{}'", file,
                what, key);
  return found->second;
}

Shape ContainerReader::list(const std::string& key) const {
  Shape numbers;
  std::string_view rest = text(key);
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    numbers.push_back(number<std::int64_t>(key, rest.substr(0, comma)));
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
  }
  return numbers;
}

at::Tensor ContainerReader::tensor(const std::string& name) const {
  const auto found = content.tensors.find(name);
  base::require(found != content.tensors.end(), "'{}' is no {}: it lacks '{}'", file, what, name);
  auto value = found->second;
  if (text("dtype") == "complex128" && name != "weights") {
    base::require(value.scalar_type() == at::kDouble && value.dim() >= 1 && value.size(-1) == 2,
                  "'{}' has a '{}' that is no complex128 as float64 [..., 2]", file, name);
    value = at::view_as_complex(value.contiguous());
  }
  base::require(value.numel() == 0 || std::isfinite(frobenius(value)),
                "'{}' holds NaN or infinite entries in '{}'", file, name);
  return value;
}

void ContainerReader::expect_format(const std::string& format) const {
  base::require(text("format") == format, "'{}' is of format '{}', not '{}'", file, text("format"),
                format);
}

void ContainerReader::expect_list(const std::string& key, const Shape& found) const {
  base::require(list(key) == found, "'{}' states {} {}, its tensors have {}", file, key, text(key),
                list_text(found));
}

void ContainerReader::expect_dtype(at::ScalarType found) const {
  base::require(text("dtype") == base::dtype_name(found),
                "'{}' states the dtype {}, its tensors are {}", file, text("dtype"),
                base::dtype_name(found));
}

void check_writable(const Shape& sizes) {
  double entries = 1;
  for (const auto n : sizes) entries *= static_cast<double>(n);
  base::require(entries <= 0x1p40, "a tensor of shape {} has too many entries to write out",
                text(sizes));
}

}  // namespace ranklens::tn
