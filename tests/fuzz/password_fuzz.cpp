// A password with anything in it, percent-encoded or not, in each URL that holds one: neither an
// error nor what is logged repeats a part of it.
#include "base/assert.hpp"
#include "base/settings.hpp"
#include "nats/credentials.hpp"
#include "postgres/options.hpp"
#include "redis/options.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace chatear;

// At both ends of the password.
constexpr std::string_view mark = "Zq9Zq";

void check_hidden(std::string_view text) {
    CHATEAR_ASSERT(text.find(mark) == std::string_view::npos);
}

void check_postgres(const std::string& url) {
    const auto checked = postgres::check_url(Secret(url));
    if (!checked) {
        check_hidden(checked.error().message);
    }
    check_hidden(postgres::describe_hosts(Secret(url)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view given(reinterpret_cast<const char*>(data), size);
    // No environment holds a NUL; behind a '?' stands a query, and "://" begins another URL.
    if (given.find('\0') != given.npos || given.find('?') != given.npos ||
        given.find("://") != given.npos) {
        return 0;
    }
    const std::string password = std::string(mark) + std::string(given) + std::string(mark);
    check_postgres("postgres://user:" + password + "@db.test:5432/chat");
    if (given.find('=') == given.npos) {  // Behind a blank it gives another word its value.
        check_postgres("host=db.test user=chat password=" + password);
    }
    const auto redis = redis::parse_address("rediss://user:" + password + "@redis.test/0");
    if (!redis) {
        check_hidden(redis.error().message);
    }
    const std::string nats = "tls://user:" + password + "@nats.test:4222";
    const auto servers = nats::parse_server_urls(nats);
    if (!servers) {
        check_hidden(servers.error().message);
    }
    check_hidden(without_password(nats));
    return 0;
}
