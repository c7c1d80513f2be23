#pragma once

#include <cstdint>
#include <string_view>

#include "ranklens/base/image.h"

// The two decoders behind decode_image. libpng and libjpeg leave a failed call by longjmp, so each
// of these files keeps C++ objects out of the frames that are jumped over.
namespace ranklens::base::codec {

/// 1 to 4 channels, alpha kept.
Image decode_png(std::string_view bytes, std::string_view what, std::uint64_t most_pixels);

/// 1 or 3 channels.
Image decode_jpeg(std::string_view bytes, std::string_view what, std::uint64_t most_pixels);

}  // namespace ranklens::base::codec
