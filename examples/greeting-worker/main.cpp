// A whole worker: a typed event, a handler, main(). docs/adding-a-worker.md leads here step by
// step.
#include "base/log.hpp"
#include "runtime/program.hpp"

#include <boost/describe.hpp>

using namespace chatear;

struct Greeting {
    std::string name;
    std::optional<std::string> event_id;
};
BOOST_DESCRIBE_STRUCT(Greeting, (), (name, event_id))

boost::asio::awaitable<runtime::Outcome> greet(Greeting greeting, runtime::Delivery delivery) {
    if (greeting.name.empty()) {
        co_return runtime::Reject{"'name' is empty: nobody to greet"};
    }
    log::info("hello", {{"name", greeting.name}, {"attempt", delivery.attempt()}});
    co_return runtime::Done{};
}

int main(int argc, char** argv) {
    runtime::Program program("greeting-worker", argc, argv);
    return program.run([](runtime::Worker& worker) { worker.on<Greeting>("greeting.send", greet); }
    );
}
