#pragma once

#include <cstddef>

namespace chatear::smtp {

/// How many connections may be open: all that the settings allow until the server asks for less
/// (421, 432, 454), then half of those that are open; one more for every `mails_per_step` accepted
/// messages. Pure.
class ConnectionAllowance {
public:
    static constexpr std::size_t mails_per_step = 50;

    explicit ConnectionAllowance(std::size_t most) : most_(most), allowed_(most) {}

    std::size_t allowed() const { return allowed_; }
    void on_asked_for_less(std::size_t open);
    void limit_to(std::size_t open);  ///< No more than these can be had.
    void on_accepted();

private:
    std::size_t most_;
    std::size_t allowed_;
    std::size_t accepted_ = 0;  // Since the last change.
};

}  // namespace chatear::smtp
