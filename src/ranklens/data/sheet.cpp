#include "ranklens/data/sheet.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "ranklens/base/error.h"
#include "ranklens/data/glyphs.h"
#include "ranklens/data/npy_set.h"

namespace ranklens::data {
namespace {

using Rgb = std::array<std::uint8_t, 3>;

constexpr Rgb ink{30, 30, 30}, object{255, 0, 200}, shortcut{255, 230, 0};
constexpr int gap = 2;

// Sets a pixel of an image in three channels.
void dot(base::Image& image, std::int64_t y, std::int64_t x, const Rgb& colour) {
  std::copy(colour.begin(), colour.end(), image.pixels.begin() + (y * image.width + x) * 3);
}

void write(base::Image& image, std::int64_t top, std::int64_t left, const std::string& text,
           int scale) {
  for (const char character : text) {
    const auto& rows = glyph(character);
    for (int y = 0; y < glyph_height * scale; ++y) {
      for (int x = 0; x < glyph_width * scale; ++x) {
        if (rows[y / scale] >> (glyph_width - 1 - x / scale) & 1)
          dot(image, top + y, left + x, ink);
      }
    }
    left += std::int64_t{glyph_width + 1} * scale;
  }
}

void paste(base::Image& sheet, std::int64_t top, std::int64_t left, const at::Tensor& item,
           int scale) {
  const base::Image image = base::to_image(to_float(item));
  for (int y = 0; y < image.height * scale; ++y) {
    for (int x = 0; x < image.width * scale; ++x) {
      const std::size_t from =
          (static_cast<std::size_t>(y / scale) * image.width + x / scale) * image.channels;
      const auto* pixel = &image.pixels[from];
      const bool colour = image.channels >= 3;
      dot(sheet, top + y, left + x, {pixel[0], pixel[colour ? 1 : 0], pixel[colour ? 2 : 0]});
    }
  }
}

// The screen pixels inside the mask that touch the outside.
void outline(base::Image& sheet, std::int64_t top, std::int64_t left, const at::Tensor& mask,
             int scale, const Rgb& colour) {
  const std::int64_t height = mask.size(0), width = mask.size(1);
  const auto* values = mask.const_data_ptr<std::uint8_t>();
  const auto inside = [&](std::int64_t y, std::int64_t x) {
    return y >= 0 && x >= 0 && y < height * scale && x < width * scale &&
           values[y / scale * width + x / scale] != 0;
  };
  for (std::int64_t y = 0; y < height * scale; ++y) {
    for (std::int64_t x = 0; x < width * scale; ++x) {
      const bool within =
          inside(y - 1, x) && inside(y + 1, x) && inside(y, x - 1) && inside(y, x + 1);
      if (inside(y, x) && !within) dot(sheet, top + y, left + x, colour);
    }
  }
}

// For each class its first `count` items.
std::vector<std::vector<std::int64_t>> first_items(const Dataset& data, int count) {
  std::vector<std::vector<std::int64_t>> items(data.classes.size());
  const auto* labels = data.labels.const_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < data.size(); ++i) {
    auto& of_class = items[static_cast<std::size_t>(labels[i])];
    if (of_class.size() < static_cast<std::size_t>(count)) of_class.push_back(i);
  }
  return items;
}

}  // namespace

base::Image contact_sheet(const Dataset& data, const SheetOptions& options) {
  base::require(options.columns >= 1 && options.scale >= 1,
                "a contact sheet needs at least one column and a scale of 1");
  const auto items = first_items(data, options.columns);
  std::size_t longest = 0;
  for (const auto& name : data.classes) longest = std::max(longest, name.size());
  const int text = options.scale >= 2 ? 2 : 1;
  const std::int64_t margin = static_cast<std::int64_t>(longest + 1) * (glyph_width + 1) * text;
  const std::int64_t line = std::int64_t{glyph_height} * text;
  const std::int64_t down = std::max(data.height() * options.scale, line) + gap;
  const std::int64_t across = data.width() * options.scale + gap;
  const auto height =
      static_cast<std::uint64_t>(gap + down * static_cast<std::int64_t>(items.size()));
  const auto width = static_cast<std::uint64_t>(gap + margin + across * options.columns);
  base::require(
      height * width <= base::kMostPixels,
      "a contact sheet of {} x {} pixels is too large; take fewer columns or a smaller scale",
      width, height);
  base::Image sheet{static_cast<int>(height), static_cast<int>(width), 3,
                    std::vector<std::uint8_t>(height * width * 3, 255)};
  for (std::size_t row = 0; row < items.size(); ++row) {
    const std::int64_t top = gap + down * static_cast<std::int64_t>(row);
    write(sheet, top + (down - gap - line) / 2, gap, data.classes[row], text);
    std::int64_t left = gap + margin;
    for (const std::int64_t i : items[row]) {
      paste(sheet, top, left, data.images[i], options.scale);
      if (options.outline && data.masks.defined()) {
        outline(sheet, top, left, data.masks[i], options.scale, object);
      }
      if (options.outline && data.shortcut_masks.defined()) {
        outline(sheet, top, left, data.shortcut_masks[i], options.scale, shortcut);
      }
      left += across;
    }
  }
  return sheet;
}

}  // namespace ranklens::data
