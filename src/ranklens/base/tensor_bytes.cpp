#include "ranklens/base/tensor_bytes.h"

#include <algorithm>
#include <limits>

#include <ATen/ops/empty.h>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"

namespace ranklens::base {

std::optional<std::int64_t> array_bytes(const std::vector<std::int64_t>& shape,
                                        std::int64_t item_size) {
  std::int64_t bytes = item_size;
  bool empty = false;
  for (const auto size : shape) {
    if (size < 0) return std::nullopt;
    empty = empty || size == 0;
    const auto factor = std::max<std::int64_t>(size, 1);
    if (bytes > std::numeric_limits<std::int64_t>::max() / factor) return std::nullopt;
    bytes *= factor;
  }
  return empty ? 0 : bytes;
}

at::Tensor uninitialised(const std::vector<std::int64_t>& shape, at::ScalarType type) {
  return at::empty(shape, at::TensorOptions().dtype(type));
}

at::Tensor plain(const at::Tensor& tensor) {
  require(tensor.defined(), "an undefined tensor cannot be written");
  require(tensor.layout() == at::kStrided && !tensor.is_quantized() && !tensor.is_meta(),
          "only dense tensors can be written, not a {} {} tensor", dtype_name(tensor.scalar_type()),
          tensor.is_meta() ? "meta" : "sparse or quantised");
  return tensor.detach().resolve_conj().resolve_neg().cpu().contiguous();
}

std::string_view bytes_of(const at::Tensor& plain_tensor) {
  return {static_cast<const char*>(plain_tensor.const_data_ptr()), plain_tensor.nbytes()};
}

void clean_bools(at::Tensor& tensor) {
  if (tensor.scalar_type() != at::kBool) return;
  auto* bytes = static_cast<unsigned char*>(tensor.mutable_data_ptr());
  std::for_each(bytes, bytes + tensor.nbytes(), [](unsigned char& byte) { byte = byte != 0; });
}

}  // namespace ranklens::base
