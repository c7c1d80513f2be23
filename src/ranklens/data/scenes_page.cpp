#include "ranklens/data/scenes_page.h"

#include <string>

#include <fmt/format.h>

#include "ranklens/base/files.h"
#include "ranklens/base/folder.h"
#include "ranklens/base/image.h"
#include "ranklens/data/difficulty.h"
#include "ranklens/data/scenes.h"
#include "ranklens/data/scenes/figures.h"
#include "ranklens/data/sheet.h"

namespace ranklens::data {
namespace {

std::string class_table() {
  std::string table = "| label | class | made of |\n| --- | --- | --- |\n";
  int label = 0;
  for (const auto& figure : scenes::figures()) {
    table += fmt::format("| {} | {} | {} |\n", label++, figure.name, figure.description);
  }
  return table;
}

std::string difficulty_table() {
  const auto measure = [](bool object) {
    const SceneOptions train{.object = object};
    const SceneOptions test{.count = 2000, .split = Split::test, .object = object};
    return difficulty(make_scenes(train), make_scenes(test));
  };
  const Difficulty whole = measure(true), empty = measure(false);
  const auto row = [](std::string_view name, double a, double b) {
    return fmt::format("| {} | {:.1f} % | {:.1f} % |\n", name, 100 * a, 100 * b);
  };
  return "| model | images | backgrounds alone |\n| --- | --- | --- |\n" +
         row("ridge regression on pixels", whole.pixel_ridge, empty.pixel_ridge) +
         row("nearest training image", whole.pixel_neighbour, empty.pixel_neighbour) +
         row("ridge regression on colour histograms", whole.histogram_ridge,
             empty.histogram_ridge) +
         row("nearest colour histogram", whole.histogram_neighbour, empty.histogram_neighbour);
}

constexpr std::string_view page = R"(# Generated scenes

<!-- Written by `ranklens data make scenes --page docs`; edit src/ranklens/data/scenes_page.cpp instead. -->

`scenes` are pictures that the program draws itself: an object of one of ten classes on a cluttered, textured background, and the exact mask of
the object. They answer what photographs cannot: whether a map that claims to show what a network looks at lies on the object.

![ten classes, eight images each](scenes.png)

## The classes

{classes}
All are put together from five kinds of parts (disc, ring, half disc, box, triangle; a thin box is a bar), and every kind serves in at
least two classes. Distractors are single parts of the same kinds, sizes and surfaces. So no part, colour or texture tells the class: the
arrangement of the parts does.

What varies from image to image, drawn alike for all classes: the object's place (towards the edges more often than the middle), the area it
covers, lean, stretch and mirroring; places, sizes and directions of its parts; colours, brighter or darker than the background; plain,
striped, checked or dotted surfaces; the background's surfaces, shades and distractors; noise.

An image depends on the seed, on `train` or `test` (their random streams have different names), on its number and on the options, and on
nothing else: not on the number of threads or of images. Background, object, noise and shortcut have streams of their own: without the
object, or with a shortcut, the rest of the image stays the same.

## Masks

A pixel belongs to the mask where the object covers half of it or more. Outlined:

![the same images with their masks outlined](scenes-masks.png)

## What simple models reach

8,000 images to train and 2,000 to test, seed 0; chance is 10 %. Measured when this page was written:

{difficulty}
The tests hold more: maps that know no network (the magnitude of Sobel edges, closeness to the middle) have a ROC-AUC below 0.65 against the
masks, and area, place and mean colour of the object, given its mask, tell next to nothing.

## A planted shortcut

`--shortcut class=3,patch,p=0.9` plants a checked patch in nine of ten images of class 3 (and in a share of the others by `elsewhere=`),
away from the object, with a mask of its own. A network that looks at the patch has learned the shortcut. Patches outlined in yellow:

![images with a planted patch](scenes-shortcut.png)
)";

void write_sheet(const std::filesystem::path& path, const SceneOptions& scenes, bool outline) {
  base::write_png(path, contact_sheet(make_scenes(scenes), {.columns = 8, .outline = outline}));
}

}  // namespace

void write_scenes_page(const std::filesystem::path& folder) {
  base::make_folder(folder);
  const SceneOptions few{.count = 100};
  SceneOptions patched = few;
  patched.shortcut = Shortcut{.label = 3};
  // The page comes first: beside it, pictures are known for its own.
  base::write_file(folder / kScenesPage,
                   fmt::format(fmt::runtime(page), fmt::arg("classes", class_table()),
                               fmt::arg("difficulty", difficulty_table())));
  write_sheet(folder / kScenesPictures[0], few, false);
  write_sheet(folder / kScenesPictures[1], few, true);
  write_sheet(folder / kScenesPictures[2], patched, true);
}

}  // namespace ranklens::data
