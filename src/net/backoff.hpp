#pragma once

#include <chrono>

namespace chatear::net {

/// Delays for reconnecting: doubling from `first` to `most`, each drawn evenly between half of it
/// and all of it, so that a fleet does not come back in step. Cheap to make: one an event is fine.
class Backoff {
public:
    Backoff(std::chrono::milliseconds first, std::chrono::milliseconds most);

    std::chrono::milliseconds next();  ///< The delay before the next attempt.
    void reset();                      ///< After a success.

private:
    std::chrono::milliseconds first_;
    std::chrono::milliseconds most_;
    std::chrono::milliseconds current_;
};

}  // namespace chatear::net
