#pragma once

#include "ranklens/report/page.h"

/// Made-up reports with everything the page can show, for its tests in a browser and for work on
/// the front end. No number in them was measured.
namespace ranklens::sample {

/// A study: five arms, three seeds, thirty-two images, methods with controls, all layouts of grids.
report::ReportData study();

/// One photograph explained: `ranklens explain photo.jpg --report page.html`.
report::ReportData photograph();

}  // namespace ranklens::sample
