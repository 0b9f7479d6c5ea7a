#include "base/clock.hpp"

#include <ctime>

namespace chatear {

Time SystemClock::now() const {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()
    );
}

BootTime SystemClock::boot_time() const {
    timespec value{};
    clock_gettime(CLOCK_BOOTTIME, &value);
    return BootTime(std::chrono::seconds(value.tv_sec) + std::chrono::nanoseconds(value.tv_nsec));
}

}  // namespace chatear
