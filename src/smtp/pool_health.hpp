#pragma once

#include "smtp/classification.hpp"
#include "smtp/send_result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace chatear::smtp {

/// What a pool knows of its server: whether messages may be given to it, and if not, whether it is
/// down or refuses us. Pure; states in docs/smtp.md.
class PoolHealth {
public:
    enum class State {
        starting,  ///< Not connected yet; messages wait.
        up,        ///< Messages go.
        down,      ///< Not reachable, or it judges nothing: try again soon.
        refused,   ///< It refuses us: a human must act, try again after a long pause.
    };

    /// So many refusals of us behind RCPT in a row, without a verdict on a message in between, stop
    /// all; fewer may be about one recipient's domain. At MAIL one is enough.
    static constexpr std::size_t refusals_that_stop = 3;

    State state() const { return state_; }
    bool available() const { return state_ == State::starting || state_ == State::up; }
    const std::string& last_error() const { return last_error_; }  ///< Empty = none so far.

    /// Verdicts on messages so far: progress, by which others see that the server works.
    std::uint64_t verdicts() const { return verdicts_; }

    void on_connected() { state_ = State::up; }
    void on_unavailable(Culprit culprit, std::string why);
    void on_result(const SendResult& result);

private:
    State state_ = State::starting;
    std::string last_error_;
    std::uint64_t verdicts_ = 0;
    std::size_t refusals_ = 0;  // In a row.
};

}  // namespace chatear::smtp
