// How a carrier writes; what it does otherwise is in carrier.cpp.
#include "base/crash_point.hpp"
#include "base/error.hpp"
#include "net/moment.hpp"
#include "smtp/carrier.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace chatear::smtp {
namespace {

std::size_t total_size(const std::vector<std::string_view>& pieces) {
    std::size_t size = 0;
    for (const std::string_view piece : pieces) {
        size += piece.size();
    }
    return size;
}

}  // namespace

void Carrier::write() {
    while (true) {
        const std::vector<std::string_view>& pieces = pipeline_.take_output(net::now());
        if (pieces.empty()) {
            return;
        }
        const std::optional<std::size_t> taken = session_->stream().write_now(pieces);
        if (!taken) {
            on_deaf();
            return;
        }
        if (*taken < total_size(pieces)) {
            rest_ends_content_ = pipeline_.content_left();
            write_later(pieces, *taken);
            return;
        }
        if (pipeline_.content_left()) {
            crash_point("after-content");
        }
    }
}

/// What is left of a write: a copy, because a message may end while its bytes still wait.
void Carrier::write_later(const std::vector<std::string_view>& pieces, std::size_t from) {
    rest_.clear();
    for (std::string_view piece : pieces) {
        const std::size_t gone = std::min(from, piece.size());
        piece.remove_prefix(gone);
        from -= gone;
        rest_ += piece;
    }
    writing_ = true;
    tasks_.start("smtp write", write_rest(shared_from_this()));
}

/// The connection may end before this begins: `self` is what keeps it until then.
asio::awaitable<void> Carrier::write_rest(std::shared_ptr<Carrier> self) {
    try {
        const bool taken =
            co_await session_->stream().write_on(rest_, options_->limits.content_write);
        if (taken) {
            if (std::exchange(self->rest_ends_content_, false)) {
                crash_point("after-content");
            }
            self->writing_ = false;
            self->watched_ = false;
            self->work();
        } else {
            self->on_deaf();
        }
    } catch (const Unavailable& lost) {
        closed_by_us_ = true;
        note_end(lost.why());
    }
}

/// The peer takes nothing more. What it had answered can still be read.
void Carrier::on_deaf() {
    writing_ = true;  // For good.
    deaf_ = true;
    watched_ = false;
    watch();
}

void Carrier::say_goodbye() {
    goodbye_said_ = true;
    watched_ = false;
    if (writing_) {
        return;  // It takes nothing; watch() ends it.
    }
    const std::vector<std::string_view> goodbye(1, "QUIT\r\n");
    const std::optional<std::size_t> taken = session_->stream().write_now(goodbye);
    if (!taken) {
        on_deaf();
    } else if (*taken < total_size(goodbye)) {
        write_later(goodbye, *taken);
    }
}

}  // namespace chatear::smtp
