#include "reproduce_study.h"

#include <iterator>

#include "ranklens/base/error.h"
#include "ranklens/study/config.h"

#include "seeds.h"

namespace ranklens::app {
namespace {

using study::reproductions::Extent;

/// Of "5" and of "7,8,9"; of none given 0.
std::int64_t number_of_seeds(const std::string& text) {
  return text.empty() ? 0 : std::ssize(parse_seeds(text, {}));
}

/// Fewer images, epochs and seeds, but where a flag says otherwise.
void shorten(StudyOptions& options, bool smoke) {
  base::require(options.data.empty(),
                "--quick and --smoke of {} run on generated images: they take no --data",
                options.preset);
  // With so many a claim would be judged.
  const auto needed = study::preset(options.preset).needed_seeds;
  base::require(number_of_seeds(options.seeds) < needed,
                "--quick and --smoke say nothing of a claim: they take fewer than {} seeds",
                needed);
  base::require(!smoke || options.rates.find(',') == options.rates.npos,
                "--smoke has too few images to choose a rate by: give --rates one factor, or none");
  const auto set = [](std::string& text, const char* value) {
    if (text.empty()) text = value;
  };
  // The matrix product state takes 28x28 grey ones.
  const bool small = options.preset == "mps-optimisers";
  options.grey = options.grey || small;
  const std::string size = small ? "28" : "32";
  options.data =
      (smoke ? "scenes:train=64,test=16,size=" : "scenes:train=2000,test=400,size=") + size;
  set(options.seeds, smoke ? "1," : "2");
  set(options.images, smoke ? "test:1" : "test:16");
  set(options.rates, "1");
  if (options.title.empty()) {
    options.title = study::preset(options.preset).title +
                    ": a short form on generated images, which says nothing of the whole one";
  }
  // Speeds of half a dozen optimisers, steps of sweeps among them, would take longer than the rest.
  if (smoke) options.speed_seconds = options.preset == "cifar-dlrt" ? 0.05 : 0;
  // Grad-CAM is what was published of networks of low rank.
  if (smoke && options.methods.empty())
    options.methods = options.preset == "cifar-dlrt" ? "gradcam" : "saliency,input_x_gradient";
  if (options.epochs == 0) options.epochs = smoke ? 1 : 2;
  if (options.batch == 0 && smoke) options.batch = options.preset == "cifar-dlrt" ? 16 : 32;
  if (options.width == 0 && options.preset != "cifar-dlrt") options.width = smoke ? 8 : 16;
  if (options.preset == "cifar-dlrt")
    set(options.arms, smoke ? "full,tau-0.12" : "full,tau-0.04,tau-0.12,tau-0.2");
}

}  // namespace

const std::vector<StudyExperiment>& study_experiments() {
  static const std::vector<StudyExperiment> all{
      {"hackathon", "a CNN with a dense head against one with a tensor-train head", "cifar10:DIR",
       false},
      {"tt-optimisers", "the hackathon's tensor-train head under eight optimisers, on scenes", ""},
      {"mps-optimisers", "a matrix product state under seven of them", "mnist:DIR"},
      {"cifar-dlrt",
       "ResNet-20 with all layers of low rank, by tolerance (--arms vgg16-full,vgg16-tau-0.12 or "
       "alexnet-full,... for the larger networks)",
       "cifar10:DIR"},
      {"cifar100-dlrt", "AlexNet with its two large layers of low rank, on CIFAR-100",
       "cifar100:DIR", false},
      {"tiny-imagenet-dlrt", "ResNet-18 with all layers of low rank, on tiny-ImageNet",
       "images:DIR", false},
      {"imagenet-dlrt", "ResNet-50 with all layers of low rank, on ImageNet", "images:DIR", false}};
  return all;
}

void reproduce_study(StudyOptions options, const StudyExperiment& experiment, Extent extent) {
  const std::string name = experiment.name;
  options.preset = name;
  base::require(experiment.has_short_form || extent == Extent::full,
                "{} is shortened by --epochs, --seeds and --arms, not by --quick or --smoke", name);
  if (extent != Extent::full) {
    shorten(options, extent == Extent::smoke);
  } else {
    base::require(!options.data.empty() || *experiment.data == '\0',
                  "the data of {} are needed: --data {}", name, experiment.data);
  }
  run_study(options, "reproduce");
}

}  // namespace ranklens::app
