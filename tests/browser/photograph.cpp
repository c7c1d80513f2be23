#include "pictures.h"
#include "sample.h"

namespace ranklens::sample {

report::ReportData photograph() {
  using namespace report;
  ReportData data{.title = "efficientnet-lite0 on tabby.jpg",
                  .lead = "What the network takes the photograph for, and where it looks.",
                  .command =
                      "ranklens explain efficientnet-lite0 tabby.jpg --method "
                      "gradcam,smoothgrad,integrated-gradients --report page.html"};
  const Scene made = scene(3, 224);
  data.arms = {{.id = "model", .label = "efficientnet-lite0", .reference = true}};
  data.methods = {{"gradcam", "Grad-CAM", "layer head.relu: the last with spatial extent", false},
                  {"smoothgrad", "SmoothGrad", "20 samples", false},
                  {"ig", "Integrated gradients (signed)", "50 steps", false}};
  data.images = {{.id = "tabby.jpg", .title = "tabby.jpg", .png = photo_png(made.image)}};
  data.predictions = {{"tabby.jpg",
                       "model",
                       {{"tabby, tabby cat", 0.612},
                        {"tiger cat", 0.231},
                        {"Egyptian cat", 0.084},
                        {"lynx, catamount", 0.021},
                        {"remote control, remote", 0.007}}}};
  const at::Tensor cam = bump(made.y, made.x, 0.35, 0, 224, 1);
  data.maps = {
      {.image = "tabby.jpg", .arm = "model", .method = "gradcam", .picture = grey_map(cam)},
      {.image = "tabby.jpg",
       .arm = "model",
       .method = "smoothgrad",
       .picture = grey_map(bump(made.y, made.x, 0.2, 0.3, 224, 2))},
      {.image = "tabby.jpg",
       .arm = "model",
       .method = "ig",
       .picture = grey_map(bump(made.y, made.x, 0.3, 0.6, 224, 3).sub(0.45))}};
  data.grids = {{.layout = Layout::Gallery,
                 .images = {"tabby.jpg"},
                 .arms = {"model"},
                 .methods = {"gradcam", "smoothgrad", "ig"}}};
  data.figures = {{.title = "A moving square",
                   .note = "it goes from left to right",
                   .svg = R"(<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40">)"
                          R"(<rect y="10" width="20" height="20">)"
                          R"(<animate attributeName="x" dur="2s" values="0;100"/></rect></svg>)"}};
  data.stages = {{"load", "", 0.21}, {"predict", "", 0.034}, {"explain", "", 2.4}};
  data.configuration = {{"explanation", "layer", "head.relu"}, {"explanation", "samples", "20"}};
  data.provenance = {{"ranklens", "0.1.0"}, {"libtorch", "2.13.0"}, {"threads", "2"}};
  return data;
}

}  // namespace ranklens::sample
