#pragma once

#include "base/error.hpp"
#include "net/completion.hpp"
#include "timeline.hpp"
#include "weather.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace chatear::simulation {

namespace asio = boost::asio;

/// What all simulated servers have in common.
struct Server {
    std::string name;  ///< As Unavailable says it.
    bool down = false;
};

/// One process's connection to one server. Its calls take time both ways, and may be lost before or
/// after they took effect; what is on its way takes effect also when the process is dead by then.
class Wire {
public:
    Wire(
        Timeline& timeline,
        const Weather& weather,
        Server& server,
        asio::any_io_executor executor,
        std::shared_ptr<const bool> alive
    )
        : timeline_(timeline),
          weather_(weather),
          server_(server),
          executor_(std::move(executor)),
          alive_(std::move(alive)) {}

    bool cut = false;  ///< This process cannot reach the server, though others can.

    bool reachable() const { return !cut && !server_.down; }
    Server& server() { return server_; }
    Timeline& timeline() { return timeline_; }
    const Weather& weather() const { return weather_; }
    const asio::any_io_executor& executor() const { return executor_; }
    const std::shared_ptr<const bool>& alive() const { return alive_; }

    /// Whether the next call is the first on a new connection.
    bool take_new_connection() { return std::exchange(new_connection_, false); }

    microseconds way() {
        return timeline_.chance(weather_.slow_call) ? timeline_.draw(500ms, 8s)
                                                    : timeline_.draw(100us, 4ms);
    }

    Unavailable unavailable() const { return Unavailable(server_.name, "simulated", "no answer"); }

    /// `effect` runs at the server. Throws Unavailable.
    template <typename Reply>
    asio::awaitable<Reply> call(std::function<Reply()> effect) {
        const auto answer = std::make_shared<net::Completion<Reply>>(executor_);
        const bool lost = !reachable() || timeline_.chance(weather_.lost_call);
        const bool arrives = reachable() && (!lost || timeline_.chance(0.5));
        if (lost) {
            new_connection_ = true;
            fail(answer, timeline_.draw(1ms, timeline_.chance(0.5) ? 20ms : 4s));
        }
        if (arrives) {
            const microseconds back = way();
            timeline_.after(way(), [this_ = Ends(*this), answer, lost, back, effect] {
                this_.carry_out(answer, lost, back, effect);
            });
        }
        co_return co_await answer->wait();
    }

private:
    /// What is left of a wire when its process is dead.
    struct Ends {
        explicit Ends(Wire& wire)
            : timeline(wire.timeline_), server(wire.server_), alive(wire.alive_) {}

        template <typename Reply>
        void carry_out(
            const std::shared_ptr<net::Completion<Reply>>& answer,
            bool lost,
            microseconds back,
            const std::function<Reply()>& effect
        ) const {
            const bool is_down = server.down;
            Reply reply{};
            if (!is_down) {
                reply = effect();
            }
            if (lost) {
                return;
            }
            timeline.after(back, [ends = *this, answer, is_down, reply = std::move(reply)] {
                if (!*ends.alive || answer->finished()) {
                    return;
                }
                if (is_down) {
                    answer->set_exception(std::make_exception_ptr(
                        Unavailable(ends.server.name, "simulated", "it went down")
                    ));
                } else {
                    answer->set_value(reply);
                }
            });
        }

        Timeline& timeline;
        Server& server;
        std::shared_ptr<const bool> alive;
    };

    template <typename Reply>
    void fail(const std::shared_ptr<net::Completion<Reply>>& answer, microseconds delay) {
        timeline_.after(delay, [answer, alive = alive_, error = unavailable()] {
            if (*alive && !answer->finished()) {
                answer->set_exception(std::make_exception_ptr(error));
            }
        });
    }

    Timeline& timeline_;
    const Weather& weather_;
    Server& server_;
    asio::any_io_executor executor_;
    std::shared_ptr<const bool> alive_;
    bool new_connection_ = true;
};

}  // namespace chatear::simulation
