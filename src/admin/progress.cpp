#include "admin/progress.hpp"

#include <fmt/format.h>

#include <utility>

namespace chatear::admin {

std::string progress_line(
    std::string_view what,
    std::uint64_t done,
    std::optional<std::uint64_t> total,
    std::chrono::milliseconds elapsed
) {
    std::string line = fmt::format("{}: {}", what, done);
    if (total) {
        line += fmt::format(" of {}", *total);
    }
    if (elapsed.count() > 0) {
        const auto each_second = done * 1000 / static_cast<std::uint64_t>(elapsed.count());
        line += fmt::format(" ({}/s)", each_second);
    }
    return line;
}

Progress::Progress(Console& console, std::string what, std::optional<std::uint64_t> total)
    : console_(console), what_(std::move(what)), total_(total) {}

Progress::~Progress() {
    if (drawn_) {
        console_.draw("");
    }
}

void Progress::advance(std::uint64_t by) {
    done_ += by;
    const auto now = SteadyClock::now();
    if (!console_.terminal() || now < next_drawing_) {
        return;
    }
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - begin_);
    console_.draw(progress_line(what_, done_, total_, elapsed));
    next_drawing_ = now + std::chrono::milliseconds(200);
    drawn_ = true;
}

}  // namespace chatear::admin
